-- A piece of work that went on after it was booked, as an endpoint's does for a batch that is run
-- again, is booked anew in its own place: the difference counts.

CREATE FUNCTION recount_lane_charges() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO daily_costs AS d
    SELECT
        (s.charge_period_start AT TIME ZONE 'UTC')::date, s.sub_account_id, b.model_name,
        b.model_version, s.x_lane, 'instance_time', s.service_name, s.x_is_emulated,
        sum(s.side), sum(s.side * s.x_list_nano_usd), sum(s.side * s.x_billed_nano_usd),
        sum(s.side * s.x_waste_nano_usd)
    FROM (SELECT 1 AS side, * FROM added UNION ALL SELECT -1, * FROM removed) AS s
    JOIN batches AS b ON b.batch_id = s.x_batch_id
    GROUP BY 1, 2, 3, 4, 5, 6, 7, 8
    ORDER BY 1, 2, 3, 4, 5, 6, 7, 8
    ON CONFLICT (day, account_id, model_name, model_version, lane, kind, service_name, is_emulated)
    DO UPDATE SET
        charge_count = d.charge_count + excluded.charge_count,
        list_nano_usd = d.list_nano_usd + excluded.list_nano_usd,
        billed_nano_usd = d.billed_nano_usd + excluded.billed_nano_usd,
        waste_nano_usd = d.waste_nano_usd + excluded.waste_nano_usd;
    INSERT INTO daily_waste AS d
    SELECT
        (s.charge_period_start AT TIME ZONE 'UTC')::date, s.sub_account_id, s.x_lane, reason.key,
        s.x_is_emulated, sum(s.side * round(reason.value::text::numeric * 1e9))::bigint
    FROM (SELECT 1 AS side, * FROM added UNION ALL SELECT -1, * FROM removed) AS s
    CROSS JOIN LATERAL jsonb_each(s.x_waste) AS reason
    GROUP BY 1, 2, 3, 4, 5
    ORDER BY 1, 2, 3, 4, 5
    ON CONFLICT (day, account_id, lane, reason, is_emulated)
    DO UPDATE SET list_nano_usd = d.list_nano_usd + excluded.list_nano_usd;
    RETURN NULL;
END $$;

CREATE TRIGGER recount_charges AFTER UPDATE ON charges
    REFERENCING OLD TABLE AS removed NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION recount_lane_charges();
