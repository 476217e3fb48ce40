INSERT INTO budgets (account_id, daily_usd, warn_share, set_by)
SELECT whose.account_id, %(daily_usd)s, %(warn_share)s, %(by)s
FROM (SELECT account_id FROM accounts UNION ALL SELECT %(all_accounts)s) AS whose
WHERE whose.account_id = %(account_id)s
ON CONFLICT (account_id) DO UPDATE SET
    daily_usd = excluded.daily_usd, warn_share = excluded.warn_share, set_by = excluded.set_by,
    set_at = now()
