-- A batch that stands keeps everything but its run; one that had failed runs again.
INSERT INTO batches (
    batch_id, run_id, account_id, tier, submission_key, batch_uris, content_digest,
    model_name, model_version, model_digest, document_count, token_estimate,
    submitted_at, deadline_at
) VALUES (
    %(batch_id)s, %(run_id)s, %(account_id)s, %(tier)s, %(submission_key)s, %(batch_uris)s,
    %(content_digest)s, %(model_name)s, %(model_version)s, %(model_digest)s,
    %(document_count)s, %(token_estimate)s, %(submitted_at)s, %(deadline_at)s
)
ON CONFLICT (batch_id) DO UPDATE SET
    run_id = excluded.run_id,
    state = CASE batches.state WHEN 'failed' THEN 'running' ELSE batches.state END,
    message = CASE batches.state WHEN 'failed' THEN '' ELSE batches.message END,
    closed_at = CASE batches.state WHEN 'failed' THEN NULL ELSE batches.closed_at END,
    deadline_met = CASE batches.state WHEN 'failed' THEN NULL ELSE batches.deadline_met END
