-- The ledger's sums as a table that every booking keeps up to date: a day's costs are a few rows to
-- read, however many charges there are.

DROP VIEW daily_costs;

CREATE TABLE daily_costs (
    day                 date NOT NULL,
    account_id          text COLLATE "C" NOT NULL,
    model_name          text NOT NULL,
    model_version       text COLLATE "C" NOT NULL,
    lane                text NOT NULL,
    kind                text NOT NULL,
    service_name        text NOT NULL,
    is_emulated         boolean NOT NULL,
    charge_count        bigint NOT NULL,
    list_nano_usd       bigint NOT NULL,
    billed_nano_usd     bigint NOT NULL,
    waste_nano_usd      bigint NOT NULL,
    list_cost_usd       numeric NOT NULL GENERATED ALWAYS AS (list_nano_usd / 1e9) STORED,
    billed_cost_usd     numeric NOT NULL GENERATED ALWAYS AS (billed_nano_usd / 1e9) STORED,
    waste_list_cost_usd numeric NOT NULL GENERATED ALWAYS AS (waste_nano_usd / 1e9) STORED,
    PRIMARY KEY (day, account_id, model_name, model_version, lane, kind, service_name, is_emulated)
);
CREATE INDEX daily_costs_by_account ON daily_costs (account_id, day);
COMMENT ON TABLE daily_costs IS 'What a day cost, by everything a charge is told apart by; kept by triggers of charges and usage_charges, so that its sums are the charges'' own.';
COMMENT ON COLUMN daily_costs.day IS 'UTC; the day on which a charge''s period began.';
COMMENT ON COLUMN daily_costs.account_id IS 'Empty for charges that are for no account: idle endpoints.';
COMMENT ON COLUMN daily_costs.lane IS 'Of usage, the lane its batch had when it was booked; empty where it has none.';

CREATE FUNCTION count_lane_charges() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO daily_costs AS d
    SELECT
        (a.charge_period_start AT TIME ZONE 'UTC')::date, a.sub_account_id, b.model_name,
        b.model_version, a.x_lane, 'instance_time', a.service_name, a.x_is_emulated,
        count(*), sum(a.x_list_nano_usd), sum(a.x_billed_nano_usd), sum(a.x_waste_nano_usd)
    FROM added AS a JOIN batches AS b ON b.batch_id = a.x_batch_id
    GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
    ORDER BY 1, 2, 3, 4, 5, 6, 7, 8
    ON CONFLICT (day, account_id, model_name, model_version, lane, kind, service_name, is_emulated)
    DO UPDATE SET
        charge_count = d.charge_count + excluded.charge_count,
        list_nano_usd = d.list_nano_usd + excluded.list_nano_usd,
        billed_nano_usd = d.billed_nano_usd + excluded.billed_nano_usd,
        waste_nano_usd = d.waste_nano_usd + excluded.waste_nano_usd;
    RETURN NULL;
END $$;

CREATE FUNCTION count_usage_charges() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO daily_costs AS d
    SELECT
        (a.charge_period_start AT TIME ZONE 'UTC')::date, coalesce(a.sub_account_id, ''),
        coalesce(a.x_model_name, ''), coalesce(a.x_model_version, ''), coalesce(b.lane, ''),
        a.x_kind, a.service_name, a.x_is_emulated,
        count(*), sum(a.x_list_nano_usd), sum(a.x_billed_nano_usd), sum(a.x_waste_nano_usd)
    FROM added AS a LEFT JOIN batches AS b ON b.batch_id = a.x_batch_id
    GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
    ORDER BY 1, 2, 3, 4, 5, 6, 7, 8
    ON CONFLICT (day, account_id, model_name, model_version, lane, kind, service_name, is_emulated)
    DO UPDATE SET
        charge_count = d.charge_count + excluded.charge_count,
        list_nano_usd = d.list_nano_usd + excluded.list_nano_usd,
        billed_nano_usd = d.billed_nano_usd + excluded.billed_nano_usd,
        waste_nano_usd = d.waste_nano_usd + excluded.waste_nano_usd;
    RETURN NULL;
END $$;

-- A batch that closed again is booked at its new quantities: the difference counts.
CREATE FUNCTION recount_usage_charges() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO daily_costs AS d
    SELECT
        (a.charge_period_start AT TIME ZONE 'UTC')::date, coalesce(a.sub_account_id, ''),
        coalesce(a.x_model_name, ''), coalesce(a.x_model_version, ''), coalesce(b.lane, ''),
        a.x_kind, a.service_name, a.x_is_emulated, 0,
        sum(a.x_list_nano_usd - r.x_list_nano_usd),
        sum(a.x_billed_nano_usd - r.x_billed_nano_usd),
        sum(a.x_waste_nano_usd - r.x_waste_nano_usd)
    FROM added AS a
    JOIN removed AS r USING (x_charge_id)
    LEFT JOIN batches AS b ON b.batch_id = a.x_batch_id
    GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
    ORDER BY 1, 2, 3, 4, 5, 6, 7, 8
    ON CONFLICT (day, account_id, model_name, model_version, lane, kind, service_name, is_emulated)
    DO UPDATE SET
        list_nano_usd = d.list_nano_usd + excluded.list_nano_usd,
        billed_nano_usd = d.billed_nano_usd + excluded.billed_nano_usd,
        waste_nano_usd = d.waste_nano_usd + excluded.waste_nano_usd;
    RETURN NULL;
END $$;

INSERT INTO daily_costs
SELECT
    (charge_period_start AT TIME ZONE 'UTC')::date, coalesce(sub_account_id, ''),
    coalesce(x_model_name, ''), coalesce(x_model_version, ''), coalesce(x_lane, ''), x_kind,
    service_name, x_is_emulated,
    count(*), sum(x_list_nano_usd), sum(x_billed_nano_usd), sum(x_waste_nano_usd)
FROM ledger
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8;

CREATE TRIGGER count_charges AFTER INSERT ON charges
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION count_lane_charges();
CREATE TRIGGER count_charges AFTER INSERT ON usage_charges
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION count_usage_charges();
CREATE TRIGGER recount_charges AFTER UPDATE ON usage_charges
    REFERENCING OLD TABLE AS removed NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION recount_usage_charges();
