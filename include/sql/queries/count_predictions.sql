SELECT count(*) FROM predictions WHERE batch_id = %(batch_id)s
