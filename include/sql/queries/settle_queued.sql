UPDATE queued_batches
SET state = %(state)s, reason = %(reason)s, message_id = %(message_id)s, lease_until = '-infinity',
    changed_at = now()
WHERE queue_key = %(queue_key)s AND state IN ('running', 'failed')
