-- A row a week (from Monday, UTC) and tier, of the batches that were due by now. A batch that failed
-- has missed its deadline; so has one that still runs behind it.
SELECT
    date_trunc('week', submitted_at AT TIME ZONE 'UTC')::date AS week,
    tier,
    count(*) AS batches,
    count(*) FILTER (WHERE deadline_met) AS met,
    count(*) FILTER (WHERE state = 'failed') AS failed,
    percentile_cont(0.5) WITHIN GROUP (
        ORDER BY extract(epoch FROM closed_at - submitted_at)
    ) FILTER (WHERE state = 'succeeded') AS p50_s,
    percentile_cont(0.95) WITHIN GROUP (
        ORDER BY extract(epoch FROM closed_at - submitted_at)
    ) FILTER (WHERE state = 'succeeded') AS p95_s
FROM batches
WHERE submitted_at >= %(since)s
  AND (closed_at IS NOT NULL OR deadline_at < %(now)s)
GROUP BY 1, 2
ORDER BY 1 DESC, 2
