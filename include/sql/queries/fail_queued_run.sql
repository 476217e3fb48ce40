UPDATE queued_batches
SET state = 'failed', failures = failures + 1, reason = %(reason)s, is_final = %(is_final)s,
    changed_at = now()
WHERE run_id = %(run_id)s AND state = 'running'
