SELECT
    coalesce(nullif(lane, ''), kind),
    (sum(list_nano_usd) / 1e9)::double precision,
    (sum(waste_nano_usd) / 1e9)::double precision
FROM daily_costs
WHERE day = %(day)s
GROUP BY 1
ORDER BY 1
