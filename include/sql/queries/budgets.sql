SELECT account_id, daily_usd, warn_share FROM budgets ORDER BY account_id
