SELECT coalesce(sum(pricing_quantity), 0)
FROM charges
WHERE resource_id = %(name)s AND charge_period_end > %(start)s AND charge_period_end <= %(end)s
