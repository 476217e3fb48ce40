SELECT pg_advisory_xact_lock(hashtextextended(%(kind)s || ' ' || %(subject)s, 17))
