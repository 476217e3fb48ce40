SELECT document_id, label, score, stage, heads FROM predictions
WHERE batch_id = %(batch_id)s
    AND model_version = %(model_version)s
    AND document_id = ANY(%(document_ids)s::text [])
