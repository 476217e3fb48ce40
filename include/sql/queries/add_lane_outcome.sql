INSERT INTO lane_outcomes (outcome_id, lane, batch_id, verdict, detail, started_at, at)
VALUES (
    %(outcome_id)s, %(lane)s, %(batch_id)s, %(verdict)s, %(detail)s, %(started_at)s, %(at)s
)
ON CONFLICT (outcome_id) DO NOTHING
