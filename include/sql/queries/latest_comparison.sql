SELECT
    comparison_id, model_name, champion_version, champion_digest, challenger_version,
    challenger_digest, started_by, started_at, finding, reason, ended_at, evidence_uri,
    kind, account_share, document_share, level, margin, max_documents, batch_documents,
    budget_usd, max_failed_batches, days
FROM comparisons
WHERE model_name = %(model_name)s AND ended_at IS NOT NULL
ORDER BY ended_at DESC, comparison_id
LIMIT 1
