SELECT outcome_id, batch_id, verdict, started_at, at, detail
FROM lane_outcomes WHERE lane = %(lane)s AND at >= %(since)s
ORDER BY at, outcome_id
