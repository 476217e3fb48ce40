SELECT max(charge_period_end)
FROM usage_charges
WHERE x_kind IN ('endpoint_time', 'provisioned_concurrency') AND resource_id = %(name)s
