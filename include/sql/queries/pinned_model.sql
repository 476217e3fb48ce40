-- What a run's submission was pinned to when it was first pulled.
SELECT model_name, model_version, model_digest
FROM batches
WHERE account_id = %(account_id)s
    AND submission_key = %(submission_key)s
    AND content_digest = %(content_digest)s
    AND model_name = %(model_name)s
    AND run_id = %(run_id)s
LIMIT 1
