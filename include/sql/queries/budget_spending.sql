-- What an account's day has come to: booked, and set aside for batches that run, but for one.
SELECT
    (SELECT coalesce(sum(x_list_nano_usd), 0) / 1e9 FROM charges
     WHERE sub_account_id = %(account_id)s
         AND charge_period_start >= %(day)s::date::timestamp AT TIME ZONE 'UTC'
         AND charge_period_start < (%(day)s::date + 1)::timestamp AT TIME ZONE 'UTC')
    + (SELECT coalesce(sum(x_list_nano_usd), 0) / 1e9 FROM usage_charges
       WHERE sub_account_id = %(account_id)s
           AND charge_period_start >= %(day)s::date::timestamp AT TIME ZONE 'UTC'
           AND charge_period_start < (%(day)s::date + 1)::timestamp AT TIME ZONE 'UTC'),
    (SELECT coalesce(sum(r.list_cost_usd), 0)
     FROM budget_reservations AS r JOIN batches AS b USING (batch_id)
     WHERE r.account_id = %(account_id)s AND r.day = %(day)s AND b.state = 'running'
         AND r.batch_id <> %(except_batch)s)
