-- Charges beside the lanes' instance time, and one ledger of all.

CREATE TABLE usage_charges (
    x_charge_id         text PRIMARY KEY,
    x_kind              text NOT NULL CHECK (x_kind IN
                        ('requests', 'data', 'rows_written', 'rows_stored', 'endpoint_time')),
    x_batch_id          text COLLATE "C" REFERENCES batches,
    x_model_name        text,
    x_model_version     text COLLATE "C",
    x_is_emulated       boolean NOT NULL,
    sub_account_id      text COLLATE "C",
    charge_category     text NOT NULL DEFAULT 'Usage',
    charge_period_start timestamptz NOT NULL,
    charge_period_end   timestamptz NOT NULL,
    service_name        text NOT NULL,
    resource_id         text NOT NULL,
    sku_id              text NOT NULL,
    pricing_quantity    double precision NOT NULL CHECK (pricing_quantity >= 0),
    pricing_unit        text NOT NULL,
    list_unit_price     double precision NOT NULL CHECK (list_unit_price >= 0),
    list_cost           double precision NOT NULL CHECK (list_cost >= 0),
    billed_cost         double precision NOT NULL CHECK (billed_cost >= 0),
    billing_currency    text NOT NULL DEFAULT 'USD',
    x_waste_list_cost   double precision NOT NULL DEFAULT 0,
    booked_at           timestamptz NOT NULL DEFAULT now(),
    x_list_nano_usd     bigint NOT NULL
                        GENERATED ALWAYS AS (round(list_cost * 1e9)::bigint) STORED,
    x_billed_nano_usd   bigint NOT NULL
                        GENERATED ALWAYS AS (round(billed_cost * 1e9)::bigint) STORED,
    x_waste_nano_usd    bigint NOT NULL
                        GENERATED ALWAYS AS (round(x_waste_list_cost * 1e9)::bigint) STORED,
    CHECK (charge_period_end >= charge_period_start),
    CHECK (x_waste_list_cost BETWEEN 0 AND list_cost)
);
CREATE INDEX usage_charges_by_batch ON usage_charges (x_batch_id) WHERE x_batch_id IS NOT NULL;
CREATE INDEX usage_charges_by_period ON usage_charges (charge_period_start);
CREATE INDEX usage_charges_by_resource ON usage_charges (resource_id, charge_period_end)
    WHERE x_kind = 'endpoint_time';
COMMENT ON TABLE usage_charges IS 'Columns of FOCUS, as in charges: requests, bytes and rows of batches; rows that are kept; endpoints while nobody used them.';
COMMENT ON COLUMN usage_charges.x_charge_id IS 'Deterministic: a repetition books nothing twice.';
COMMENT ON COLUMN usage_charges.x_batch_id IS 'Null where the charge is for no batch.';
COMMENT ON COLUMN usage_charges.sub_account_id IS 'Null where the charge is for no account.';
COMMENT ON COLUMN usage_charges.list_unit_price IS 'US dollars for one pricing_unit, as the price book had it.';
COMMENT ON COLUMN usage_charges.x_waste_list_cost IS 'US dollars of list_cost that gave no prediction.';
COMMENT ON COLUMN usage_charges.x_list_nano_usd IS 'list_cost in billionths of a dollar: whole numbers, whose sums are exact in any order.';

ALTER TABLE charges
    ADD COLUMN x_list_nano_usd bigint NOT NULL
        GENERATED ALWAYS AS (round(list_cost * 1e9)::bigint) STORED,
    ADD COLUMN x_billed_nano_usd bigint NOT NULL
        GENERATED ALWAYS AS (round(billed_cost * 1e9)::bigint) STORED,
    ADD COLUMN x_waste_nano_usd bigint NOT NULL
        GENERATED ALWAYS AS (round(x_waste_list_cost * 1e9)::bigint) STORED;
CREATE INDEX charges_by_account ON charges (sub_account_id, charge_period_start);
COMMENT ON COLUMN charges.x_list_nano_usd IS 'list_cost in billionths of a dollar: whole numbers, whose sums are exact in any order.';

ALTER TABLE batches ADD COLUMN metered_at timestamptz;
CREATE INDEX batches_unmetered ON batches (closed_at)
    WHERE metered_at IS NULL AND closed_at IS NOT NULL OR metered_at < closed_at;
COMMENT ON COLUMN batches.metered_at IS 'closed_at as it was when the batch''s usage was booked.';

CREATE VIEW ledger AS
SELECT
    c.x_charge_id, 'instance_time' AS x_kind, c.x_batch_id, c.x_lane, b.model_name AS x_model_name,
    b.model_version AS x_model_version, c.x_is_emulated, c.sub_account_id, c.charge_category,
    c.charge_period_start, c.charge_period_end, c.service_name, c.resource_id, c.sku_id,
    c.pricing_quantity, c.pricing_unit, c.list_cost, c.billed_cost, c.billing_currency,
    c.x_waste_list_cost, c.x_list_nano_usd, c.x_billed_nano_usd, c.x_waste_nano_usd
FROM charges AS c JOIN batches AS b ON b.batch_id = c.x_batch_id
UNION ALL
SELECT
    u.x_charge_id, u.x_kind, u.x_batch_id, b.lane, u.x_model_name,
    u.x_model_version, u.x_is_emulated, u.sub_account_id, u.charge_category,
    u.charge_period_start, u.charge_period_end, u.service_name, u.resource_id, u.sku_id,
    u.pricing_quantity, u.pricing_unit, u.list_cost, u.billed_cost, u.billing_currency,
    u.x_waste_list_cost, u.x_list_nano_usd, u.x_billed_nano_usd, u.x_waste_nano_usd
FROM usage_charges AS u LEFT JOIN batches AS b ON b.batch_id = u.x_batch_id;
COMMENT ON VIEW ledger IS 'Every charge once: instance time of lanes, and what was used beside them.';

CREATE VIEW daily_costs AS
SELECT
    (charge_period_start AT TIME ZONE 'UTC')::date AS day,
    coalesce(sub_account_id, '') AS account_id,
    coalesce(x_model_name, '') AS model_name,
    coalesce(x_model_version, '') AS model_version,
    coalesce(x_lane, '') AS lane,
    x_kind AS kind,
    service_name,
    x_is_emulated AS is_emulated,
    count(*) AS charge_count,
    sum(x_list_nano_usd) / 1e9 AS list_cost_usd,
    sum(x_billed_nano_usd) / 1e9 AS billed_cost_usd,
    sum(x_waste_nano_usd) / 1e9 AS waste_list_cost_usd
FROM ledger
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8;
COMMENT ON VIEW daily_costs IS 'What a day cost, by everything a charge is told apart by; sums of these rows are the charges'' own.';
COMMENT ON COLUMN daily_costs.day IS 'UTC; the day on which a charge''s period began.';
COMMENT ON COLUMN daily_costs.account_id IS 'Empty for charges that are for no account: idle endpoints.';

CREATE VIEW batch_costs AS
SELECT
    b.batch_id,
    b.account_id,
    b.model_name,
    b.model_version,
    coalesce(b.lane, '') AS lane,
    (b.submitted_at AT TIME ZONE 'UTC')::date AS day,
    b.document_count,
    b.token_estimate,
    b.deadline_met,
    extract(epoch FROM b.closed_at - b.submitted_at)::double precision AS elapsed_s,
    sums.is_emulated,
    sums.list_cost_usd,
    sums.billed_cost_usd,
    sums.waste_list_cost_usd,
    sums.list_cost_usd / nullif(b.document_count, 0) AS list_cost_per_document_usd
FROM batches AS b
CROSS JOIN LATERAL (
    SELECT
        coalesce(sum(nano.list), 0) / 1e9 AS list_cost_usd,
        coalesce(sum(nano.billed), 0) / 1e9 AS billed_cost_usd,
        coalesce(sum(nano.waste), 0) / 1e9 AS waste_list_cost_usd,
        coalesce(bool_or(nano.emulated), false) AS is_emulated
    FROM (
        SELECT x_list_nano_usd, x_billed_nano_usd, x_waste_nano_usd, x_is_emulated
        FROM charges WHERE charges.x_batch_id = b.batch_id
        UNION ALL
        SELECT x_list_nano_usd, x_billed_nano_usd, x_waste_nano_usd, x_is_emulated
        FROM usage_charges WHERE usage_charges.x_batch_id = b.batch_id
    ) AS nano (list, billed, waste, emulated)
) AS sums;
COMMENT ON VIEW batch_costs IS 'What a batch cost in all, its use of stores and queues included.';
COMMENT ON COLUMN batch_costs.day IS 'UTC; the day of submission.';
COMMENT ON COLUMN batch_costs.list_cost_per_document_usd IS 'List cost over the documents pulled; null without any.';
