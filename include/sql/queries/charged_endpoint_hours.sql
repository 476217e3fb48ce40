-- Hours on an endpoint that were charged for work; of calls that ran beside each other no more than
-- at_once, all where it is null.
SELECT coalesce(sum(least(hours, %(at_once)s::double precision * extract(epoch FROM took) / 3600)), 0)
FROM (
    SELECT pricing_quantity, charge_period_end - charge_period_start
    FROM charges
    WHERE resource_id = %(name)s AND charge_period_end > %(start)s AND charge_period_end <= %(end)s
    UNION ALL
    SELECT pricing_quantity, charge_period_end - charge_period_start
    FROM usage_charges
    WHERE x_kind IN ('calibration', 'comparison') AND resource_id = %(name)s
        AND charge_period_end > %(start)s AND charge_period_end <= %(end)s
) AS charged (hours, took)
