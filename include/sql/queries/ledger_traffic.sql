-- Batches that closed, as traffic, with what they took and cost on their lane.
SELECT
    b.submitted_at, b.document_count, b.token_estimate,
    extract(epoch FROM b.deadline_at - b.submitted_at)::double precision,
    b.lane, extract(epoch FROM b.closed_at - b.submitted_at)::double precision,
    coalesce(c.list_cost, 0), b.model_name, coalesce(c.is_emulated, false)
FROM batches AS b
LEFT JOIN (
    SELECT x_batch_id, sum(list_cost) AS list_cost, bool_or(x_is_emulated) AS is_emulated
    FROM charges GROUP BY 1
) AS c ON c.x_batch_id = b.batch_id
WHERE b.state = 'succeeded' AND b.lane IS NOT NULL
    AND b.submitted_at >= %(first)s::date::timestamp AT TIME ZONE 'UTC'
    AND b.submitted_at < (%(last)s::date + 1)::timestamp AT TIME ZONE 'UTC'
    AND (%(account)s::text IS NULL OR b.account_id = %(account)s)
ORDER BY b.submitted_at
