-- What of lanes' instance time gave no prediction, by reason.
SELECT reason, sum(list_cost_usd)::double precision AS list_cost_usd
FROM daily_waste
WHERE day BETWEEN %(first)s AND %(last)s
GROUP BY 1
ORDER BY 2 DESC, 1
