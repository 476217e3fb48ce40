-- What of lanes' instance time gave no prediction, by reason.
SELECT reason.key, sum(reason.value::text::double precision) AS list_cost_usd
FROM charges AS c
CROSS JOIN LATERAL jsonb_each(c.x_waste) AS reason
WHERE c.charge_period_start >= %(first)s::date::timestamp AT TIME ZONE 'UTC'
    AND c.charge_period_start < (%(last)s::date + 1)::timestamp AT TIME ZONE 'UTC'
GROUP BY 1
ORDER BY 2 DESC
