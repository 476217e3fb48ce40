SELECT
    coalesce(sum(scored_count + refused_count), 0)::bigint,
    coalesce(sum(list_cost_usd), 0),
    count(DISTINCT account_id) FILTER (WHERE scored_count > 0),
    count(*) FILTER (WHERE scored_count > 0),
    coalesce(sum(refused_count), 0)::bigint,
    coalesce(sum(probe_documents), 0)::bigint,
    coalesce(sum(champion_probe_s), 0),
    coalesce(sum(challenger_probe_s), 0)
FROM comparison_batches
WHERE comparison_id = %(comparison_id)s
