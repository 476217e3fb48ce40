INSERT INTO budget_events (account_id, day, batch_id, standing, reason)
VALUES (%(account_id)s, %(day)s, %(batch_id)s, %(standing)s, %(reason)s)
ON CONFLICT (account_id, day, batch_id, standing) DO UPDATE SET
    reason = excluded.reason, at = now()
