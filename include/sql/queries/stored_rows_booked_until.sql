SELECT max((charge_period_start AT TIME ZONE 'UTC')::date)
FROM usage_charges WHERE x_kind = 'rows_stored'
