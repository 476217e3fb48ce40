SELECT max((charge_period_start AT TIME ZONE 'UTC')::date)
FROM usage_charges WHERE x_kind IN ('rows_stored', 'objects_stored')
