-- Deadlines of batches: misses that were foreseen, what was done about them, misses that came.

CREATE TABLE sla_events (
    batch_id         text COLLATE "C" NOT NULL REFERENCES batches ON DELETE CASCADE,
    kind             text NOT NULL CHECK (kind IN ('risk', 'miss')),
    predicted_at     timestamptz,
    miss_probability double precision CHECK (miss_probability BETWEEN 0 AND 1),
    action           text NOT NULL DEFAULT '',
    stage            text NOT NULL,
    detail           text NOT NULL,
    at               timestamptz NOT NULL,
    PRIMARY KEY (batch_id, kind, action)
);
CREATE INDEX sla_events_by_time ON sla_events (at DESC);
COMMENT ON TABLE sla_events IS 'One row a batch and foreseen miss, one more an action about it, one a miss.';
COMMENT ON COLUMN sla_events.predicted_at IS 'Of a risk: when both stores were expected to have every row.';
COMMENT ON COLUMN sla_events.miss_probability IS 'Of a risk: that the deadline is missed.';
COMMENT ON COLUMN sla_events.action IS 'What was done about it: add_instances, leave_spot; empty for nothing.';
COMMENT ON COLUMN sla_events.stage IS 'Of a risk: where the batch was. Of a miss: the stage that ate the time.';

CREATE INDEX batches_running ON batches (deadline_at) WHERE state = 'running';
