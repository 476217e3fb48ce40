INSERT INTO comparison_batches (
    comparison_id, batch_id, account_id, served_version, scored_count, refused_count, call_s,
    list_cost_usd, probe_documents, champion_probe_s, challenger_probe_s, scored_at
) VALUES (
    %(comparison_id)s, %(batch_id)s, %(account_id)s, %(served_version)s, %(scored_count)s,
    %(refused_count)s, %(call_s)s, %(list_cost_usd)s, %(probe_documents)s,
    %(champion_probe_s)s, %(challenger_probe_s)s, %(scored_at)s
)
ON CONFLICT DO NOTHING
