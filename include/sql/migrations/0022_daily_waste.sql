-- Why instance time gave no prediction, by day: kept by every booking, as daily_costs is.

CREATE TABLE daily_waste (
    day           date NOT NULL,
    account_id    text COLLATE "C" NOT NULL,
    lane          text NOT NULL,
    reason        text NOT NULL,
    is_emulated   boolean NOT NULL,
    list_nano_usd bigint NOT NULL,
    list_cost_usd numeric NOT NULL GENERATED ALWAYS AS (list_nano_usd / 1e9) STORED,
    PRIMARY KEY (day, account_id, lane, reason, is_emulated)
);
COMMENT ON TABLE daily_waste IS 'What of a day''s instance time gave no prediction, by reason: the sums of charges.x_waste, kept by a trigger.';
COMMENT ON COLUMN daily_waste.day IS 'UTC; the day on which a charge''s period began.';

CREATE FUNCTION count_lane_waste() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO daily_waste AS d
    SELECT
        (a.charge_period_start AT TIME ZONE 'UTC')::date, a.sub_account_id, a.x_lane, reason.key,
        a.x_is_emulated, sum(round(reason.value::text::numeric * 1e9))::bigint
    FROM added AS a CROSS JOIN LATERAL jsonb_each(a.x_waste) AS reason
    GROUP BY 1, 2, 3, 4, 5
    ORDER BY 1, 2, 3, 4, 5
    ON CONFLICT (day, account_id, lane, reason, is_emulated)
    DO UPDATE SET list_nano_usd = d.list_nano_usd + excluded.list_nano_usd;
    RETURN NULL;
END $$;

INSERT INTO daily_waste
SELECT
    (c.charge_period_start AT TIME ZONE 'UTC')::date, c.sub_account_id, c.x_lane, reason.key,
    c.x_is_emulated, sum(round(reason.value::text::numeric * 1e9))::bigint
FROM charges AS c CROSS JOIN LATERAL jsonb_each(c.x_waste) AS reason
GROUP BY 1, 2, 3, 4, 5;

CREATE TRIGGER count_waste AFTER INSERT ON charges
    REFERENCING NEW TABLE AS added
    FOR EACH STATEMENT EXECUTE FUNCTION count_lane_waste();
