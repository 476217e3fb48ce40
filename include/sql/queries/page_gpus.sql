-- What GPUs did, by kind of resource and by the hour, or by ten minutes where all looks lie within
-- half a day: a look counts as much as it saw GPUs.
WITH seen AS (
    SELECT * FROM gpu_samples
    WHERE at >= %(first)s::date::timestamp AT TIME ZONE 'UTC'
        AND at < (%(last)s::date + 1)::timestamp AT TIME ZONE 'UTC'
), period AS (
    SELECT
        CASE
            WHEN max(at) - min(at) < interval '12 hours' THEN interval '10 minutes'
            ELSE interval '1 hour'
        END AS length
    FROM seen
)
SELECT
    date_bin(length, at, timestamptz '2000-01-01 00:00:00Z') AS starts_at,
    length,
    resource_kind,
    sum(utilisation * gpus) / nullif(sum(gpus) FILTER (WHERE utilisation IS NOT NULL), 0)
        AS utilisation,
    bool_or(is_emulated) AS is_emulated
FROM seen CROSS JOIN period
GROUP BY 1, 2, 3
ORDER BY 1, 3
