-- What batches that closed in a time have in the work bucket.
SELECT account_id, model_name, model_version, sum(work_bytes)::bigint
FROM batches
WHERE closed_at >= %(since)s AND closed_at < %(before)s AND work_bytes > 0
GROUP BY 1, 2, 3
ORDER BY 1, 2, 3
