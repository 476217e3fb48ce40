-- Requests of each queue by the day they came: done, and refused to the dead letters.
SELECT
    lane_class,
    count(*) FILTER (WHERE state = 'committed') AS committed_count,
    count(*) FILTER (WHERE state = 'refused') AS refused_count
FROM queued_batches
WHERE received_at >= %(first)s::date::timestamp AT TIME ZONE 'UTC'
    AND received_at < (%(last)s::date + 1)::timestamp AT TIME ZONE 'UTC'
GROUP BY 1
ORDER BY 1
