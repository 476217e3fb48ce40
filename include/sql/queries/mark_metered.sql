UPDATE batches SET metered_at = %(closed_at)s WHERE batch_id = %(batch_id)s
