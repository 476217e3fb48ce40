-- Those that run, or those that have ended and wait for their report; of one model, or of all.
SELECT
    comparison_id, model_name, champion_version, champion_digest, challenger_version,
    challenger_digest, started_by, started_at, finding, reason, ended_at, evidence_uri,
    kind, account_share, document_share, level, margin, max_documents, batch_documents,
    budget_usd, max_failed_batches, days
FROM comparisons
WHERE (ended_at IS NULL) = %(is_running)s
    AND evidence_uri = ''
    AND coalesce(model_name = %(model_name)s, TRUE)
ORDER BY started_at, comparison_id
