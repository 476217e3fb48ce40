UPDATE queued_batches
SET state = 'committed', reason = '', lease_until = '-infinity', changed_at = now()
WHERE queue_key = %(queue_key)s AND state <> 'committed'
