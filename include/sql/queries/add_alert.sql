INSERT INTO alerts (kind, subject, title, detail, next_step, batch_id, at, last_at)
VALUES (
    %(kind)s, %(subject)s, %(title)s, %(detail)s, %(next_step)s, %(batch_id)s, %(at)s, %(at)s
)
