SELECT max(charge_period_end)
FROM usage_charges WHERE x_kind = 'endpoint_time' AND resource_id = %(name)s
