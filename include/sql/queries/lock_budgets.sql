-- In one order, so that batches which ask at the same time wait for each other and never in a ring.
SELECT account_id, daily_usd, warn_share FROM budgets
WHERE account_id IN (%(account_id)s, %(all_accounts)s)
ORDER BY account_id
FOR UPDATE
