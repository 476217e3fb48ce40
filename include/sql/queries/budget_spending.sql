-- What an account's day has come to: booked, and set aside for batches that run, but for one.
SELECT
    (SELECT coalesce(sum(list_cost_usd), 0) FROM daily_costs
     WHERE account_id = %(account_id)s AND day = %(day)s),
    (SELECT coalesce(sum(r.list_cost_usd), 0)
     FROM budget_reservations AS r JOIN batches AS b USING (batch_id)
     WHERE r.account_id = %(account_id)s AND r.day = %(day)s AND b.state = 'running'
         AND r.batch_id <> %(except_batch)s)
