SELECT count(*)
FROM queued_batches
WHERE lane_class = %(lane_class)s
    AND account_id = %(account_id)s
    AND state IN ('running', 'failed')
    AND lease_until > now()
    AND queue_key <> %(queue_key)s
