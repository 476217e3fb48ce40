INSERT INTO budgets (account_id, daily_usd, warn_share, set_by)
SELECT account_id, %(daily_usd)s, %(warn_share)s, %(by)s
FROM accounts WHERE account_id = %(account_id)s
ON CONFLICT (account_id) DO UPDATE SET
    daily_usd = excluded.daily_usd, warn_share = excluded.warn_share, set_by = excluded.set_by,
    set_at = now()
