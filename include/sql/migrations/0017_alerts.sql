-- What a person should hear of, and what was sent of it to whom.

CREATE TABLE alerts (
    alert_id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind      text NOT NULL,
    subject   text COLLATE "C" NOT NULL CHECK (subject <> ''),
    title     text NOT NULL,
    detail    text NOT NULL,
    next_step text NOT NULL,
    batch_id  text COLLATE "C",
    at        timestamptz NOT NULL,
    last_at   timestamptz NOT NULL CHECK (last_at >= at),
    times     bigint NOT NULL DEFAULT 1 CHECK (times > 0)
);
CREATE INDEX alerts_by_subject ON alerts (kind, subject, last_at DESC);
CREATE INDEX alerts_by_time ON alerts (at DESC);
COMMENT ON TABLE alerts IS 'One row a thing that happened, however often it was seen.';
COMMENT ON COLUMN alerts.kind IS 'As in include/domain/alerts.py.';
COMMENT ON COLUMN alerts.subject IS 'What it happened to: seen again within the quiet time it is the same alert.';
COMMENT ON COLUMN alerts.at IS 'When it was first seen.';
COMMENT ON COLUMN alerts.last_at IS 'When it was last seen.';

CREATE TABLE alert_deliveries (
    alert_id     bigint NOT NULL REFERENCES alerts ON DELETE CASCADE,
    channel      text NOT NULL,
    attempts     integer NOT NULL CHECK (attempts > 0),
    next_try_at  timestamptz NOT NULL,
    delivered_at timestamptz,
    error        text NOT NULL DEFAULT '',
    PRIMARY KEY (alert_id, channel)
);
COMMENT ON TABLE alert_deliveries IS 'One row an alert and channel on which it was tried.';
COMMENT ON COLUMN alert_deliveries.next_try_at IS 'Not tried before, also where the sender died on the way.';
COMMENT ON COLUMN alert_deliveries.delivered_at IS 'Null until the channel took it.';
COMMENT ON COLUMN alert_deliveries.error IS 'Why the last attempt failed.';
