-- What a person should hear of, the latest first.
SELECT kind, title, detail, next_step, last_at, times
FROM alerts
WHERE last_at >= %(first)s::date::timestamp AT TIME ZONE 'UTC'
    AND last_at < (%(last)s::date + 1)::timestamp AT TIME ZONE 'UTC'
ORDER BY last_at DESC
LIMIT %(limit)s
