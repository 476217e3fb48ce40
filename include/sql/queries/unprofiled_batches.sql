SELECT b.batch_id
FROM batches AS b
LEFT JOIN drift_profiles AS d ON d.batch_id = b.batch_id
WHERE b.state = 'succeeded' AND b.closed_at >= %(since)s AND d.batch_id IS NULL
ORDER BY b.closed_at, b.batch_id
