-- Batches, what was decided about them, their results and their charges.
-- Ids are compared byte by byte (COLLATE "C"): cheaper than a language's order, and an index
-- does not break when the operating system's collation changes.

CREATE TABLE accounts (
    account_id text COLLATE "C" PRIMARY KEY CHECK (account_id ~ '^[a-z0-9][a-z0-9._-]{0,62}$'),
    tier       text NOT NULL CHECK (tier IN ('demo', 'trial', 'standard', 'enterprise')),
    created_at timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE accounts IS 'Who may submit. An id holds no "#", which separates keys in the write store.';
COMMENT ON COLUMN accounts.tier IS 'The best tier a submission of the account may ask for.';

CREATE TABLE batches (
    batch_id                 text COLLATE "C" PRIMARY KEY,
    run_id                   text NOT NULL,
    account_id               text COLLATE "C" NOT NULL REFERENCES accounts,
    tier                     text NOT NULL CHECK (tier IN ('demo', 'trial', 'standard', 'enterprise')),
    submission_key           text NOT NULL,
    batch_uris               text[] NOT NULL CHECK (cardinality(batch_uris) > 0),
    content_digest           text NOT NULL,
    model_name               text NOT NULL,
    model_version            text COLLATE "C" NOT NULL,
    model_digest             text NOT NULL,
    document_count           bigint NOT NULL CHECK (document_count >= 0),
    token_estimate           bigint NOT NULL CHECK (token_estimate >= 0),
    submitted_at             timestamptz NOT NULL,
    deadline_at              timestamptz NOT NULL,
    lane                     text,
    instance_type            text,
    instance_count           integer CHECK (instance_count > 0),
    placement_reason         text,
    placement_meets_deadline boolean,
    estimated_latency_s      double precision CHECK (estimated_latency_s >= 0),
    estimated_list_cost_usd  double precision CHECK (estimated_list_cost_usd >= 0),
    state                    text NOT NULL DEFAULT 'running'
                             CHECK (state IN ('running', 'succeeded', 'failed')),
    message                  text NOT NULL DEFAULT '',
    closed_at                timestamptz,
    deadline_met             boolean,
    quality_uri              text NOT NULL DEFAULT '',
    CHECK ((state = 'running') = (closed_at IS NULL))
);
CREATE INDEX batches_by_account ON batches (account_id, submitted_at DESC);
CREATE INDEX batches_by_submission ON batches (submitted_at DESC);
COMMENT ON TABLE batches IS 'One row a batch; the id is a hash of what was submitted, so a retry finds its row.';
COMMENT ON COLUMN batches.run_id IS 'The latest orchestrator run that worked on the batch.';
COMMENT ON COLUMN batches.content_digest IS 'sha256 (hex) over the submitted files, in order.';
COMMENT ON COLUMN batches.model_digest IS 'sha256 (hex) of the served artifact.';
COMMENT ON COLUMN batches.document_count IS 'Rows pulled, faulty ones included.';
COMMENT ON COLUMN batches.token_estimate IS 'Estimated tokens, for routing; never for billing.';
COMMENT ON COLUMN batches.deadline_at IS 'When results are due in both stores.';
COMMENT ON COLUMN batches.estimated_latency_s IS 'Seconds to the last document as estimated when placed, loading not included.';
COMMENT ON COLUMN batches.estimated_list_cost_usd IS 'US dollars at list price as estimated when placed; never a bill.';
COMMENT ON COLUMN batches.placement_meets_deadline IS 'Whether the estimate fitted the time left.';
COMMENT ON COLUMN batches.deadline_met IS 'Whether the batch was closed by its deadline; null while it runs.';
COMMENT ON COLUMN batches.message IS 'Why it failed, for a person; empty otherwise.';
COMMENT ON COLUMN batches.quality_uri IS 'S3 URI of the quality report.';

CREATE TABLE placement_alternatives (
    batch_id      text COLLATE "C" NOT NULL REFERENCES batches ON DELETE CASCADE,
    lane          text NOT NULL,
    latency_s     double precision NOT NULL CHECK (latency_s >= 0),
    list_cost_usd double precision NOT NULL CHECK (list_cost_usd >= 0),
    refusal       text NOT NULL,
    PRIMARY KEY (batch_id, lane)
);
COMMENT ON TABLE placement_alternatives IS 'What each lane would have meant for the batch, the chosen one included.';
COMMENT ON COLUMN placement_alternatives.latency_s IS 'Estimated seconds to the last document.';
COMMENT ON COLUMN placement_alternatives.list_cost_usd IS 'Estimated US dollars at list price.';
COMMENT ON COLUMN placement_alternatives.refusal IS 'Why it was not taken; empty for the lane that was.';

-- No foreign key to batches: a check a row costs a load a quarter of its rate (docs/adr/0006).
-- The loader locks the batch's row instead, once a transaction.
CREATE TABLE predictions (
    batch_id      text COLLATE "C" NOT NULL,
    document_id   text COLLATE "C" NOT NULL,
    model_version text COLLATE "C" NOT NULL,
    account_id    text COLLATE "C" NOT NULL,
    model_name    text NOT NULL,
    label         text NOT NULL,
    score         real NOT NULL CHECK (score BETWEEN 0 AND 1),
    created_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (batch_id, document_id, model_version)
);
CREATE INDEX predictions_by_document ON predictions (account_id, document_id);
CREATE INDEX predictions_by_time ON predictions USING brin (created_at);
COMMENT ON TABLE predictions IS 'One row a document, batch and model version: exactly one after any number of retries.';
COMMENT ON COLUMN predictions.score IS 'The model''s probability of the label, 0 to 1.';
COMMENT ON COLUMN predictions.created_at IS 'First load; a repeated load with the same answer leaves it.';

CREATE TABLE quarantined_documents (
    batch_id    text COLLATE "C" NOT NULL REFERENCES batches ON DELETE CASCADE,
    "row"       bigint NOT NULL CHECK ("row" >= 0),
    document_id text COLLATE "C",
    reason      text NOT NULL,
    detail      text NOT NULL,
    excerpt     text NOT NULL,
    PRIMARY KEY (batch_id, "row")
);
COMMENT ON TABLE quarantined_documents IS 'Documents set aside, each with its reason.';
COMMENT ON COLUMN quarantined_documents."row" IS 'Zero-based position in the batch, blank lines not counted.';
COMMENT ON COLUMN quarantined_documents.document_id IS 'Null where the row gives none.';

CREATE TABLE charges (
    x_charge_id         text PRIMARY KEY,
    x_batch_id          text COLLATE "C" NOT NULL REFERENCES batches,
    x_lane              text NOT NULL,
    x_is_emulated       boolean NOT NULL,
    sub_account_id      text COLLATE "C" NOT NULL,
    charge_category     text NOT NULL DEFAULT 'Usage',
    charge_period_start timestamptz NOT NULL,
    charge_period_end   timestamptz NOT NULL,
    service_name        text NOT NULL DEFAULT 'Amazon SageMaker',
    resource_id         text NOT NULL,
    sku_id              text NOT NULL,
    pricing_quantity    double precision NOT NULL CHECK (pricing_quantity >= 0),
    pricing_unit        text NOT NULL DEFAULT 'Hours',
    list_cost           double precision NOT NULL CHECK (list_cost >= 0),
    billed_cost         double precision NOT NULL CHECK (billed_cost >= 0),
    billing_currency    text NOT NULL DEFAULT 'USD',
    booked_at           timestamptz NOT NULL DEFAULT now(),
    CHECK (charge_period_end >= charge_period_start)
);
CREATE INDEX charges_by_batch ON charges (x_batch_id);
CREATE INDEX charges_by_period ON charges (charge_period_start);
COMMENT ON TABLE charges IS 'Columns of the FinOps Open Cost and Usage Specification (FOCUS); ours carry its prefix for custom columns, x_.';
COMMENT ON COLUMN charges.x_charge_id IS 'Deterministic: a retry books nothing twice.';
COMMENT ON COLUMN charges.x_is_emulated IS 'The work ran on an emulated service: list cost is what that time would have cost, billed cost is 0.';
COMMENT ON COLUMN charges.sub_account_id IS 'The account the batch was for.';
COMMENT ON COLUMN charges.pricing_quantity IS 'Billable instance hours.';
COMMENT ON COLUMN charges.list_cost IS 'US dollars at list price.';
COMMENT ON COLUMN charges.billed_cost IS 'US dollars on a bill.';
