SELECT coalesce(sum(hours), 0)
FROM (
    SELECT sum(pricing_quantity)
    FROM charges
    WHERE resource_id = %(name)s AND charge_period_end > %(start)s AND charge_period_end <= %(end)s
    UNION ALL
    SELECT sum(pricing_quantity)
    FROM usage_charges
    WHERE x_kind IN ('calibration', 'comparison') AND resource_id = %(name)s
        AND charge_period_end > %(start)s AND charge_period_end <= %(end)s
) AS charged (hours)
