-- What of a charge gave no prediction, and on what terms its instance was held.

ALTER TABLE charges
    ADD COLUMN x_billable_seconds double precision CHECK (x_billable_seconds >= 0),
    ADD COLUMN x_capacity         text NOT NULL DEFAULT 'on_demand'
        CHECK (x_capacity IN ('on_demand', 'spot')),
    ADD COLUMN x_waste_list_cost  double precision NOT NULL DEFAULT 0
        CHECK (x_waste_list_cost >= 0),
    ADD COLUMN x_waste            jsonb NOT NULL DEFAULT '{}'
        CHECK (jsonb_typeof(x_waste) = 'object');
COMMENT ON COLUMN charges.x_billable_seconds IS 'Instance seconds billed, over all instances; a spot job''s have the discount taken off, as SageMaker reports them. Null for charges booked before this was kept.';
COMMENT ON COLUMN charges.x_capacity IS 'on_demand or spot.';
COMMENT ON COLUMN charges.x_waste_list_cost IS 'US dollars of list_cost that gave no prediction.';
COMMENT ON COLUMN charges.x_waste IS 'The same by reason: cold_start, interrupted, idle, retry.';

CREATE OR REPLACE VIEW batch_summary AS
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
    b.quality_uri,
    c.waste_list_cost_usd,
    c.waste_list_cost_usd / nullif(c.list_cost_usd, 0) AS waste_share,
    c.charge_count
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
        coalesce(bool_or(x_is_emulated), false) AS is_emulated,
        coalesce(sum(x_waste_list_cost), 0) AS waste_list_cost_usd,
        count(*) AS charge_count
    FROM charges WHERE charges.x_batch_id = b.batch_id
) AS c;
COMMENT ON COLUMN batch_summary.waste_list_cost_usd IS 'US dollars at list price that gave no prediction: cold starts, interrupted work, idle instances, retries.';
COMMENT ON COLUMN batch_summary.waste_share IS 'Waste over list cost; null without a charge.';
COMMENT ON COLUMN batch_summary.charge_count IS 'Pieces of work charged: attempts, spot and on demand.';
