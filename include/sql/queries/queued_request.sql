SELECT
    q.state,
    q.run_id,
    q.runs,
    q.message_id,
    EXISTS (
        SELECT FROM batches AS b
        WHERE b.account_id = %(account_id)s
            AND b.submission_key = %(submission_key)s
            AND b.batch_uris[1] = %(batch_uri)s
            AND b.state = 'succeeded'
    ) AS is_committed
FROM (SELECT) AS one
LEFT JOIN queued_batches AS q ON q.queue_key = %(queue_key)s
