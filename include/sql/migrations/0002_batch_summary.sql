-- What a person asks of a batch, in one row.

CREATE VIEW batch_summary AS
SELECT
    b.batch_id,
    b.run_id,
    b.account_id,
    b.tier,
    b.model_name,
    b.model_version,
    b.document_count,
    b.token_estimate,
    b.lane,
    b.instance_type,
    b.placement_reason,
    b.placement_meets_deadline,
    b.submitted_at,
    b.deadline_at,
    b.closed_at,
    b.state,
    b.message,
    b.deadline_met,
    extract(epoch FROM b.deadline_at - b.submitted_at)::double precision AS deadline_s,
    elapsed.elapsed_s,
    b.document_count / nullif(elapsed.elapsed_s, 0) AS documents_per_s,
    p.prediction_count,
    q.quarantined_count,
    b.estimated_latency_s,
    b.estimated_list_cost_usd,
    c.list_cost_usd,
    c.billed_cost_usd,
    c.is_emulated,
    c.list_cost_usd / nullif(p.prediction_count, 0) AS list_cost_per_document_usd,
    b.quality_uri
FROM batches AS b
CROSS JOIN LATERAL (
    SELECT extract(epoch FROM b.closed_at - b.submitted_at)::double precision AS elapsed_s
) AS elapsed
CROSS JOIN LATERAL (
    SELECT count(*) AS prediction_count FROM predictions WHERE predictions.batch_id = b.batch_id
) AS p
CROSS JOIN LATERAL (
    SELECT count(*) AS quarantined_count
    FROM quarantined_documents WHERE quarantined_documents.batch_id = b.batch_id
) AS q
CROSS JOIN LATERAL (
    SELECT
        coalesce(sum(list_cost), 0) AS list_cost_usd,
        coalesce(sum(billed_cost), 0) AS billed_cost_usd,
        coalesce(bool_or(x_is_emulated), false) AS is_emulated
    FROM charges WHERE charges.x_batch_id = b.batch_id
) AS c;
COMMENT ON VIEW batch_summary IS 'One row a batch, with its counts and its costs.';
COMMENT ON COLUMN batch_summary.elapsed_s IS 'Seconds from submission to both stores; null while the batch runs.';
COMMENT ON COLUMN batch_summary.documents_per_s IS 'Documents pulled over elapsed seconds.';
COMMENT ON COLUMN batch_summary.list_cost_usd IS 'US dollars at list price, booked so far.';
COMMENT ON COLUMN batch_summary.list_cost_per_document_usd IS 'List cost over predicted documents; null without any.';
