UPDATE batches SET metered_at = %(closed_at)s, work_bytes = %(work_bytes)s
WHERE batch_id = %(batch_id)s
