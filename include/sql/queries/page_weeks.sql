-- Batches due by now, by the week (from Monday, UTC) they were submitted in and their tier; of the
-- first day's week too all that it had. Summed by day first: of days the planner knows how many
-- there are.
SELECT
    date_trunc('week', day::timestamp)::date AS week, tier, sum(batch_count)::bigint, sum(met_count)::bigint
FROM (
    SELECT
        (submitted_at AT TIME ZONE 'UTC')::date AS day, tier, count(*) AS batch_count,
        count(*) FILTER (WHERE deadline_met) AS met_count
    FROM batches
    WHERE submitted_at >= date_trunc('week', %(first)s::date::timestamp) AT TIME ZONE 'UTC'
        AND submitted_at < (%(last)s::date + 1)::timestamp AT TIME ZONE 'UTC'
        AND (deadline_met IS NOT NULL OR deadline_at < now())
    GROUP BY 1, 2
) AS days
GROUP BY 1, 2
ORDER BY 1 DESC, 2
