-- A charge of usage keeps the lane that its batch had when it was booked: a batch that is run again on
-- another takes its usage there, in every sum alike.

DROP TRIGGER recount_charges ON usage_charges;
ALTER TABLE usage_charges ADD COLUMN x_lane text;
UPDATE usage_charges AS u SET x_lane = b.lane FROM batches AS b WHERE b.batch_id = u.x_batch_id;
COMMENT ON COLUMN usage_charges.x_lane IS 'Of its batch, when it was booked or brought up to date; null where it has none.';

CREATE OR REPLACE VIEW ledger AS
SELECT
    c.x_charge_id, 'instance_time' AS x_kind, c.x_batch_id, c.x_lane, b.model_name AS x_model_name,
    b.model_version AS x_model_version, c.x_is_emulated, c.sub_account_id, c.charge_category,
    c.charge_period_start, c.charge_period_end, c.service_name, c.resource_id, c.sku_id,
    c.pricing_quantity, c.pricing_unit, c.list_cost, c.billed_cost, c.billing_currency,
    c.x_waste_list_cost, c.x_list_nano_usd, c.x_billed_nano_usd, c.x_waste_nano_usd
FROM charges AS c JOIN batches AS b ON b.batch_id = c.x_batch_id
UNION ALL
SELECT
    x_charge_id, x_kind, x_batch_id, x_lane, x_model_name, x_model_version, x_is_emulated,
    sub_account_id, charge_category, charge_period_start, charge_period_end, service_name,
    resource_id, sku_id, pricing_quantity, pricing_unit, list_cost, billed_cost, billing_currency,
    x_waste_list_cost, x_list_nano_usd, x_billed_nano_usd, x_waste_nano_usd
FROM usage_charges;

CREATE OR REPLACE FUNCTION count_usage_charges() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO daily_costs AS d
    SELECT
        (charge_period_start AT TIME ZONE 'UTC')::date, coalesce(sub_account_id, ''),
        coalesce(x_model_name, ''), coalesce(x_model_version, ''), coalesce(x_lane, ''), x_kind,
        service_name, x_is_emulated,
        count(*), sum(x_list_nano_usd), sum(x_billed_nano_usd), sum(x_waste_nano_usd)
    FROM added
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

CREATE OR REPLACE FUNCTION recount_usage_charges() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO daily_costs AS d
    SELECT
        (charge_period_start AT TIME ZONE 'UTC')::date, coalesce(sub_account_id, ''),
        coalesce(x_model_name, ''), coalesce(x_model_version, ''), coalesce(x_lane, ''), x_kind,
        service_name, x_is_emulated,
        sum(side), sum(side * x_list_nano_usd), sum(side * x_billed_nano_usd),
        sum(side * x_waste_nano_usd)
    FROM (SELECT 1 AS side, * FROM added UNION ALL SELECT -1, * FROM removed) AS sides
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

CREATE TRIGGER recount_charges AFTER UPDATE ON usage_charges
    REFERENCING OLD TABLE AS removed NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION recount_usage_charges();

-- What was booked before is summed up as it stands now.
DELETE FROM daily_costs WHERE kind <> 'instance_time';
INSERT INTO daily_costs
SELECT
    (charge_period_start AT TIME ZONE 'UTC')::date, coalesce(sub_account_id, ''),
    coalesce(x_model_name, ''), coalesce(x_model_version, ''), coalesce(x_lane, ''), x_kind,
    service_name, x_is_emulated,
    count(*), sum(x_list_nano_usd), sum(x_billed_nano_usd), sum(x_waste_nano_usd)
FROM usage_charges
GROUP BY 1, 2, 3, 4, 5, 6, 7, 8;
COMMENT ON COLUMN daily_costs.lane IS 'Of a batch''s usage, the lane it had when it was booked or brought up to date; empty where it has none.';
