UPDATE queued_batches
SET lease_until = now() + make_interval(secs => %(lease_s)s)
WHERE queue_key = ANY(%(keys)s) AND state IN ('running', 'failed')
