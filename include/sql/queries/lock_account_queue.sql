SELECT pg_advisory_xact_lock(hashtextextended(%(lane_class)s || '/' || %(account_id)s, 7))
