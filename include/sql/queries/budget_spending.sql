-- What a day has come to, of an account or in all: booked, and set aside for batches that run, but for
-- one. What is for no account, such as idle endpoints, counts in all.
SELECT
    (SELECT coalesce(sum(list_cost_usd), 0) FROM daily_costs
     WHERE day = %(day)s AND %(account_id)s IN (account_id, %(all_accounts)s)),
    (SELECT coalesce(sum(r.list_cost_usd), 0)
     FROM budget_reservations AS r JOIN batches AS b USING (batch_id)
     WHERE %(account_id)s IN (r.account_id, %(all_accounts)s) AND r.day = %(day)s
         AND b.state = 'running' AND r.batch_id <> %(except_batch)s)
