INSERT INTO feedback (account_id, document_id, batch_id, label, source, given_at)
VALUES (%(account_id)s, %(document_id)s, %(batch_id)s, %(label)s, %(source)s, %(given_at)s)
ON CONFLICT (account_id, batch_id, document_id) DO UPDATE
SET label = excluded.label, source = excluded.source, given_at = excluded.given_at
WHERE feedback.given_at <= excluded.given_at
