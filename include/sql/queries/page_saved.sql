-- What all instances that were taken away have not cost since.
SELECT coalesce(sum(list_saved_usd), 0)::double precision AS list_saved_usd
FROM savings
WHERE at >= %(first)s::date::timestamp AT TIME ZONE 'UTC'
    AND at < (%(last)s::date + 1)::timestamp AT TIME ZONE 'UTC'
