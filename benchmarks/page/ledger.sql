-- A ledger as large as asked: batches over the last days, their charges and what they used beside
-- their lane, deterministic but for the clock. %(batches)s batches, five charges each.
SELECT setseed(0.5);

INSERT INTO accounts (account_id, tier)
SELECT 'account-' || n, (ARRAY['demo', 'trial', 'standard', 'enterprise'])[1 + n %% 4]
FROM generate_series(0, %(accounts)s - 1) AS n;

CREATE TEMPORARY TABLE drawn AS
SELECT
    n,
    'b-' || md5(n::text) AS batch_id,
    n %% %(accounts)s AS account,
    n %% %(accounts)s %% 3 AS model,
    1 + floor(exp(ln(20000.0) * power(random(), 2)))::bigint AS documents,
    date_trunc('second', now()) - random() * (%(days)s * interval '1 day') AS submitted_at,
    random() AS late,
    random() AS luck
FROM generate_series(1, %(batches)s) AS n;

INSERT INTO batches (
    batch_id, run_id, account_id, tier, submission_key, batch_uris, content_digest, model_name,
    model_version, model_digest, document_count, token_estimate, submitted_at, deadline_at, lane,
    instance_type, instance_count, placement_reason, placement_meets_deadline,
    estimated_latency_s, estimated_list_cost_usd, state, closed_at, deadline_met, metered_at
)
SELECT
    batch_id, 'run-' || n, 'account-' || account,
    (ARRAY['demo', 'trial', 'standard', 'enterprise'])[1 + account %% 4], 'key-' || n,
    ARRAY['s3://bench/' || n], md5('content' || n), 'model-' || model, version::text,
    md5('artifact' || version), documents, documents * 52, submitted_at,
    submitted_at + interval '1 hour', lane, 'ml.g4dn.xlarge', 1, 'drawn', true, 60, 0.01,
    state, CASE WHEN state <> 'running' THEN submitted_at + (20 + 3000 * late) * interval '1 second'
        * CASE WHEN late > 0.97 THEN 1.5 ELSE 1 END END,
    CASE WHEN state <> 'running' THEN state = 'succeeded' AND late <= 0.97 END,
    CASE WHEN state <> 'running' THEN submitted_at + interval '2 hours' END
FROM (
    SELECT
        *,
        7 - floor(extract(epoch FROM now() - submitted_at) / 86400 / 13)::integer AS version,
        CASE
            WHEN documents < 1000 THEN 'serverless'
            ELSE (ARRAY['processing', 'transform', 'spot', 'async_endpoint'])[1 + n %% 4]
        END AS lane,
        CASE WHEN n <= 20 THEN 'running' WHEN luck < 0.01 THEN 'failed' ELSE 'succeeded' END AS state
    FROM drawn
) AS placed;

INSERT INTO charges (
    x_charge_id, x_batch_id, x_lane, x_is_emulated, sub_account_id, charge_period_start,
    charge_period_end, resource_id, sku_id, pricing_quantity, list_cost, billed_cost,
    x_billable_seconds, x_capacity, x_waste_list_cost, x_waste
)
SELECT
    b.batch_id || '/' || part, b.batch_id, b.lane, false, b.account_id, b.submitted_at,
    b.submitted_at + interval '5 minutes', 'job-' || b.batch_id, b.instance_type, 0.1,
    cost, cost, 300, CASE b.lane WHEN 'spot' THEN 'spot' ELSE 'on_demand' END, cost * 0.25,
    jsonb_build_object('cold_start', cost * 0.2, 'interrupted', cost * 0.05)
FROM (SELECT *, 0.003 + document_count * 4e-6 AS cost FROM batches WHERE state <> 'running') AS b
CROSS JOIN generate_series(1, 2) AS part;

INSERT INTO usage_charges (
    x_charge_id, x_kind, x_batch_id, x_model_name, x_model_version, x_is_emulated, sub_account_id,
    charge_period_start, charge_period_end, service_name, resource_id, sku_id, pricing_quantity,
    pricing_unit, list_unit_price, list_cost, billed_cost, x_waste_list_cost, x_lane
)
SELECT
    b.batch_id || '/' || kind, kind, b.batch_id, b.model_name, b.model_version, false, b.account_id,
    b.submitted_at, b.closed_at, service, 'twolane', kind, b.document_count, 'Requests', 1e-7,
    b.document_count * 1e-7, b.document_count * 1e-7, 0, b.lane
FROM batches AS b
CROSS JOIN (VALUES
    ('requests', 'Amazon S3'), ('data', 'Amazon S3'), ('rows_written', 'Amazon DynamoDB')
) AS usage (kind, service)
WHERE b.state <> 'running';

INSERT INTO usage_charges (
    x_charge_id, x_kind, x_is_emulated, charge_period_start, charge_period_end, service_name,
    resource_id, sku_id, pricing_quantity, pricing_unit, list_unit_price, list_cost, billed_cost,
    x_waste_list_cost
)
SELECT
    'endpoint/' || hour, 'endpoint_time', false, hour, hour + interval '1 hour', 'Amazon SageMaker',
    'twolane-async', 'ml.g4dn.xlarge', 0.4, 'Hours', 0.736, 0.2944, 0.2944, 0.2944
FROM generate_series(
    date_trunc('hour', now()) - %(days)s * interval '1 day', now(), interval '1 hour'
) AS hour;

INSERT INTO lane_observations
SELECT
    batch_id || '/' || lane, lane, instance_type, model_name, token_estimate, document_count, 1, 1,
    60, 60, state = 'failed', CASE WHEN lane = 'spot' THEN (n %% 13 = 0)::integer ELSE 0 END, 60,
    closed_at
FROM (SELECT *, row_number() OVER (ORDER BY batch_id) AS n FROM batches WHERE state <> 'running')
    AS ended;

INSERT INTO queued_batches (
    queue_key, lane_class, account_id, batch_uri, submission_key, state, run_id, runs, message_id,
    received_at, changed_at
)
SELECT
    md5('queue' || batch_id), (ARRAY['express', 'bulk'])[1 + n %% 2], account_id, batch_uris[1],
    submission_key,
    CASE WHEN n <= 40 THEN 'waiting' WHEN n <= 60 THEN 'running' WHEN n <= 80 THEN 'refused'
        ELSE 'committed' END,
    run_id, 1, 'm-' || n, submitted_at, submitted_at
FROM (SELECT *, row_number() OVER (ORDER BY submitted_at DESC) AS n FROM batches) AS newest
WHERE n <= %(batches)s / 2;

INSERT INTO model_promotions (model_name, kind, from_version, to_version, decided_by, reason,
    evidence_uri, at)
SELECT 'model-' || model, 'promoted', nullif(version - 1, 0)::text, version::text, 'bench', 'drawn',
    '', now() - (7 - version) * interval '13 days'
FROM generate_series(0, 2) AS model CROSS JOIN generate_series(1, 7) AS version;

INSERT INTO comparisons (
    comparison_id, kind, model_name, champion_version, champion_digest, challenger_version,
    challenger_digest, account_share, document_share, level, margin, max_documents,
    batch_documents, budget_usd, max_failed_batches, days, started_by, started_at
)
SELECT
    'c-' || model, kind, 'model-' || model, '7', 'digest', version, 'digest', share, 0.1, 0.05,
    0.005, 100000, 50, 1.0, 3, 14, 'bench', now() - interval '2 days'
FROM (VALUES (0, 'canary', '6', 0.1), (1, 'shadow', '8', 0.0)) AS running (model, kind, version, share);

INSERT INTO comparison_batches (
    comparison_id, batch_id, account_id, served_version, scored_count, refused_count, call_s,
    list_cost_usd, probe_documents, champion_probe_s, challenger_probe_s, scored_at
)
SELECT
    comparison_id, batch_id, account_id, model_version, 3, 1, 0.5, 0.0001, 0, 0, 0, closed_at
FROM (SELECT *, row_number() OVER (ORDER BY submitted_at DESC) AS n FROM batches) AS b
JOIN comparisons USING (model_name)
WHERE state = 'succeeded' AND n <= 2000;

INSERT INTO comparison_answers
SELECT comparison_id, batch_id, 'd-' || n, 'a', 0.9, 'a', 0.8
FROM comparison_batches CROSS JOIN generate_series(1, 3) AS n;

INSERT INTO sla_events (batch_id, kind, predicted_at, miss_probability, action, stage, detail, at)
SELECT
    batch_id, kind, deadline_at, 0.9, CASE WHEN kind = 'risk' AND n %% 2 = 0 THEN action ELSE '' END,
    'lane', 'drawn', submitted_at + interval '30 minutes'
FROM (SELECT *, row_number() OVER (ORDER BY submitted_at DESC) AS n FROM batches) AS b
CROSS JOIN (VALUES ('risk', ''), ('risk', 'leave_spot'), ('miss', '')) AS event (kind, action)
WHERE n %% 50 = 0 OR (NOT deadline_met AND kind = 'miss') OR state = 'running'
ON CONFLICT DO NOTHING;

INSERT INTO gpu_samples
SELECT
    'twolane-' || kind, kind, 'ml.g4dn.xlarge', 1, nullif(random(), 0), at, false
FROM generate_series(now() - %(days)s * interval '1 day', now(), interval '5 minutes') AS at
CROSS JOIN (VALUES ('async_endpoint'), ('transform_job')) AS resource (kind);

INSERT INTO alerts (kind, subject, title, detail, next_step, at, last_at, times)
SELECT
    (ARRAY['deadline_missed', 'queue_depth', 'budget', 'run_late'])[1 + n %% 4],
    CASE n %% 4 WHEN 1 THEN 'queue-' || n %% 8 WHEN 3 THEN 'dag-' || n %% 20 ELSE 'subject-' || n END,
    'Something happened', 'drawn', 'look', at, at, 1 + n %% 3
FROM (
    SELECT n, now() - n * %(days)s * interval '1 day' / 20000 AS at
    FROM generate_series(0, 19999) AS n
) AS drawn;
