SELECT batch_id, kind, stage, at, detail, predicted_at, miss_probability, action
FROM sla_events
WHERE batch_id = %(batch_id)s
ORDER BY at, kind DESC
