DELETE FROM placement_alternatives WHERE batch_id = %(batch_id)s
