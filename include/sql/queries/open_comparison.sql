INSERT INTO comparisons (
    comparison_id, kind, model_name, champion_version, champion_digest,
    challenger_version, challenger_digest, account_share, document_share, level, margin,
    max_documents, batch_documents, budget_usd, max_failed_batches, days, started_by, started_at
) VALUES (
    %(comparison_id)s, %(kind)s, %(model_name)s, %(champion_version)s, %(champion_digest)s,
    %(challenger_version)s, %(challenger_digest)s, %(account_share)s, %(document_share)s,
    %(level)s, %(margin)s, %(max_documents)s, %(batch_documents)s, %(budget_usd)s,
    %(max_failed_batches)s, %(days)s, %(started_by)s, %(started_at)s
)
ON CONFLICT DO NOTHING
