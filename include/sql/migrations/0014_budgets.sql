-- How much an account may spend on a day, and what was set aside for its batches.

CREATE TABLE budgets (
    account_id text COLLATE "C" PRIMARY KEY REFERENCES accounts ON DELETE CASCADE,
    daily_usd  double precision NOT NULL CHECK (daily_usd >= 0),
    warn_share double precision NOT NULL CHECK (warn_share > 0 AND warn_share <= 1),
    set_by     text NOT NULL,
    set_at     timestamptz NOT NULL DEFAULT now()
);
COMMENT ON TABLE budgets IS 'One row an account that has a budget; the others may spend what they want.';
COMMENT ON COLUMN budgets.daily_usd IS 'US dollars at list price on a day, UTC: emulated work counts as much as billed.';
COMMENT ON COLUMN budgets.warn_share IS 'From this share on every batch is warned of.';

CREATE TABLE budget_reservations (
    batch_id      text COLLATE "C" PRIMARY KEY REFERENCES batches ON DELETE CASCADE,
    account_id    text COLLATE "C" NOT NULL,
    day           date NOT NULL,
    list_cost_usd double precision NOT NULL CHECK (list_cost_usd >= 0),
    reserved_at   timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX budget_reservations_by_day ON budget_reservations (account_id, day);
COMMENT ON TABLE budget_reservations IS 'What a batch was estimated to cost when it was placed; counts while the batch runs, its charges do afterwards.';

CREATE TABLE budget_events (
    account_id text COLLATE "C" NOT NULL,
    day        date NOT NULL,
    batch_id   text COLLATE "C" NOT NULL,
    standing   text NOT NULL CHECK (standing IN ('warned', 'refused')),
    reason     text NOT NULL,
    at         timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account_id, day, batch_id, standing)
);
COMMENT ON TABLE budget_events IS 'Batches that a budget warned of or refused.';

CREATE INDEX usage_charges_by_account ON usage_charges (sub_account_id, charge_period_start)
    WHERE sub_account_id IS NOT NULL;
