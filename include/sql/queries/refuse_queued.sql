INSERT INTO queued_batches (
    queue_key, lane_class, account_id, batch_uri, submission_key, state, reason, message_id
)
VALUES (%(queue_key)s, %(lane_class)s, %(account_id)s, '', '', 'refused', %(reason)s, %(message_id)s)
ON CONFLICT (queue_key) DO UPDATE SET
    state = 'refused',
    reason = excluded.reason,
    message_id = excluded.message_id,
    lease_until = '-infinity',
    changed_at = now()
WHERE queued_batches.state <> 'committed'
