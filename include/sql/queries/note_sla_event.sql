INSERT INTO sla_events (
    batch_id, kind, predicted_at, miss_probability, action, stage, detail, at
) VALUES (
    %(batch_id)s, %(kind)s, %(predicted_at)s, %(miss_probability)s, %(action)s, %(stage)s,
    %(detail)s, %(at)s
)
ON CONFLICT (batch_id, kind, action) DO NOTHING
RETURNING batch_id
