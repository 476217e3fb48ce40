-- Batches due by now, by the week (from Monday, UTC) they were submitted in and their tier; of the
-- first day's week too all that it had.
SELECT
    date_trunc('week', submitted_at AT TIME ZONE 'UTC')::date AS week,
    tier, count(*), count(*) FILTER (WHERE deadline_met)
FROM batches
WHERE submitted_at >= date_trunc('week', %(first)s::date::timestamp) AT TIME ZONE 'UTC'
    AND submitted_at < (%(last)s::date + 1)::timestamp AT TIME ZONE 'UTC'
    AND (closed_at IS NOT NULL OR deadline_at < now())
GROUP BY 1, 2
ORDER BY 1 DESC, 2
