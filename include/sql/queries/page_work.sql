-- Batches by the day and lane they were submitted to, and how they stand to their deadlines.
SELECT
    (submitted_at AT TIME ZONE 'UTC')::date AS day,
    coalesce(lane, '') AS lane,
    count(*) AS batch_count,
    sum(document_count)::bigint AS document_count,
    count(*) FILTER (WHERE deadline_met) AS met_count,
    count(*) FILTER (WHERE NOT deadline_met) AS missed_count,
    count(*) FILTER (WHERE state = 'running') AS running_count,
    count(*) FILTER (WHERE state = 'failed') AS failed_count
FROM batches
WHERE submitted_at >= %(first)s::date::timestamp AT TIME ZONE 'UTC'
    AND submitted_at < (%(last)s::date + 1)::timestamp AT TIME ZONE 'UTC'
GROUP BY 1, 2
ORDER BY 1, 2
