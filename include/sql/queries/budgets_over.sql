SELECT account_id, daily_usd, warn_share FROM budgets
WHERE account_id IN (%(account_id)s, %(all_accounts)s)
ORDER BY account_id
