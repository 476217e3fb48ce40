SELECT
    q.queue_key,
    CASE WHEN EXISTS (
        SELECT FROM batches AS b
        WHERE b.account_id = q.account_id
            AND b.submission_key = q.submission_key
            AND b.batch_uris[1] = q.batch_uri
            AND b.state = 'succeeded'
    ) THEN 'committed' ELSE q.state END AS state,
    q.reason,
    q.is_final,
    q.failures
FROM queued_batches AS q
WHERE q.queue_key = ANY(%(keys)s) AND q.state IN ('running', 'failed')
