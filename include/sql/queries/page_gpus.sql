-- What GPUs did, by hour and kind of resource: a look counts as much as it saw GPUs.
SELECT
    date_trunc('hour', at) AS hour,
    resource_kind,
    sum(utilisation * gpus) / nullif(sum(gpus) FILTER (WHERE utilisation IS NOT NULL), 0)
        AS utilisation,
    count(*) AS sample_count,
    count(*) FILTER (WHERE utilisation IS NULL) AS missing_count,
    bool_or(is_emulated) AS is_emulated
FROM gpu_samples
WHERE at >= %(first)s::date::timestamp AT TIME ZONE 'UTC'
    AND at < (%(last)s::date + 1)::timestamp AT TIME ZONE 'UTC'
GROUP BY 1, 2
ORDER BY 1, 2
