SELECT reason, count(*), coalesce(sum(list_saved_usd), 0)::double precision, is_emulated
FROM savings
WHERE (at AT TIME ZONE 'UTC')::date BETWEEN %(first)s AND %(last)s
GROUP BY reason, is_emulated
ORDER BY reason, is_emulated
