-- The latest batches that closed well, each with what it cost a document.
SELECT
    c.batch_id, b.run_id, c.account_id, c.model_name, c.lane, c.document_count, c.token_estimate,
    c.list_cost_usd::double precision, c.list_cost_per_document_usd::double precision,
    c.deadline_met, c.is_emulated
FROM (
    SELECT batch_id, run_id, submitted_at
    FROM batches
    WHERE submitted_at >= %(first)s::date::timestamp AT TIME ZONE 'UTC'
        AND submitted_at < (%(last)s::date + 1)::timestamp AT TIME ZONE 'UTC'
        AND state = 'succeeded' AND lane IS NOT NULL AND document_count > 0
    ORDER BY submitted_at DESC
    LIMIT %(limit)s
) AS b
JOIN batch_costs AS c ON c.batch_id = b.batch_id
ORDER BY b.submitted_at DESC
