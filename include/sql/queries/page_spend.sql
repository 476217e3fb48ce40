-- What days cost, by lane; charges that no lane has are of what is for no batch.
SELECT
    day, lane,
    sum(charge_count)::bigint AS charge_count,
    sum(list_cost_usd)::double precision AS list_cost_usd,
    sum(billed_cost_usd)::double precision AS billed_cost_usd,
    sum(waste_list_cost_usd)::double precision AS waste_list_cost_usd,
    bool_or(is_emulated) AS is_emulated
FROM daily_costs
WHERE day BETWEEN %(first)s AND %(last)s
GROUP BY 1, 2
ORDER BY 1, 2
