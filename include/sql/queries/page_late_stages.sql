-- Stages that ate the time of batches which missed their deadline.
SELECT stage, count(*) AS batch_count
FROM sla_events
WHERE kind = 'miss' AND at >= %(first)s::date::timestamp AT TIME ZONE 'UTC'
    AND at < (%(last)s::date + 1)::timestamp AT TIME ZONE 'UTC'
GROUP BY 1
ORDER BY 2 DESC, 1
