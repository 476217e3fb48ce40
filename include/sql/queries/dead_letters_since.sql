SELECT
    q.lane_class,
    q.account_id,
    (q.changed_at AT TIME ZONE 'UTC')::date AS day,
    count(*),
    max(q.changed_at),
    (array_agg(q.reason ORDER BY q.changed_at DESC))[1],
    (array_agg(b.batch_id ORDER BY q.changed_at DESC) FILTER (WHERE b.batch_id IS NOT NULL))[1]
FROM queued_batches AS q
LEFT JOIN batches AS b
    ON b.account_id = q.account_id AND b.submission_key = q.submission_key
WHERE q.state = 'refused' AND q.changed_at > %(since)s
GROUP BY q.lane_class, q.account_id, day
ORDER BY day, q.lane_class, q.account_id
