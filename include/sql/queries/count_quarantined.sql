SELECT count(*) FROM quarantined_documents WHERE batch_id = %(batch_id)s
