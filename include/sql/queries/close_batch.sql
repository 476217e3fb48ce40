UPDATE batches SET
    state = %(state)s,
    message = %(message)s,
    closed_at = %(closed_at)s,
    deadline_met = %(deadline_met)s,
    quality_uri = %(quality_uri)s
WHERE batch_id = %(batch_id)s
