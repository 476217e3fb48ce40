UPDATE reconciliations SET is_metered = true
WHERE batch_id = %(batch_id)s AND proved_at = %(proved_at)s
