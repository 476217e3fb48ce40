-- Requests of each queue that are not settled, and since when the oldest of each state waits.
SELECT lane_class, state, count(*) AS request_count, min(changed_at) AS oldest_at
FROM queued_batches
WHERE state IN ('running', 'failed', 'waiting')
GROUP BY 1, 2
ORDER BY 1, 2
