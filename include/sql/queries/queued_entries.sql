SELECT queue_key, state, runs, failures, reason, message_id
FROM queued_batches
WHERE queue_key = ANY(%(keys)s)
