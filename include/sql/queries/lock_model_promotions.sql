SELECT pg_advisory_xact_lock(hashtextextended('model_promotions ' || %(model_name)s, 0))
