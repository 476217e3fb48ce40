-- What a person should hear of: of each kind how many there were, and the latest.
SELECT kind, title, detail, next_step, last_at, alert_count
FROM (
    SELECT
        kind, title, detail, next_step, last_at,
        count(*) OVER (PARTITION BY kind) AS alert_count,
        row_number() OVER (PARTITION BY kind ORDER BY last_at DESC, alert_id DESC) AS place
    FROM alerts
    WHERE last_at >= %(first)s::date::timestamp AT TIME ZONE 'UTC'
        AND last_at < (%(last)s::date + 1)::timestamp AT TIME ZONE 'UTC'
) AS ranked
WHERE place = 1
ORDER BY last_at DESC
