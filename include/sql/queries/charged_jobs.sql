SELECT resource_id
FROM usage_charges
WHERE x_kind IN ('training', 'evaluation') AND charge_period_end >= %(since)s
