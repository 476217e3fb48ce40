-- What placements were expected to cost, and how much of it to learn.
SELECT coalesce(sum(estimated_list_cost_usd), 0), coalesce(sum(exploration_usd), 0)
FROM batches
WHERE submitted_at >= %(since)s
