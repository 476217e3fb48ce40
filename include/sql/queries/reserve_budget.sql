INSERT INTO budget_reservations (batch_id, account_id, day, list_cost_usd)
VALUES (%(batch_id)s, %(account_id)s, %(day)s, %(asked_usd)s)
ON CONFLICT (batch_id) DO UPDATE SET
    day = excluded.day, list_cost_usd = excluded.list_cost_usd, reserved_at = now()
