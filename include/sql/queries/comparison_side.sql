-- The batches of a version since the comparison began.
SELECT
    count(DISTINCT account_id) FILTER (WHERE state = 'succeeded'),
    count(*) FILTER (WHERE state = 'succeeded'),
    count(*) FILTER (WHERE state = 'failed'),
    coalesce(sum(document_count) FILTER (WHERE state = 'succeeded'), 0)::bigint,
    coalesce(
        sum(extract(EPOCH FROM closed_at - submitted_at)) FILTER (WHERE state = 'succeeded'), 0
    )::double precision,
    coalesce(sum(cost.list_cost_usd) FILTER (WHERE state = 'succeeded'), 0)
FROM batches
CROSS JOIN LATERAL (
    SELECT coalesce(sum(list_cost), 0) AS list_cost_usd
    FROM charges WHERE charges.x_batch_id = batches.batch_id
) AS cost
WHERE model_name = %(model_name)s
    AND model_version = %(version)s
    AND model_digest = %(digest)s
    AND submitted_at >= %(started_at)s
