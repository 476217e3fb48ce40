-- What each lane did for its batches, and whether it is given any more.

CREATE TABLE lane_health (
    lane          text PRIMARY KEY,
    state         text NOT NULL CHECK (state IN ('closed', 'open', 'half_open')),
    since         timestamptz NOT NULL,
    counted_from  timestamptz NOT NULL,
    pause_s       double precision NOT NULL CHECK (pause_s >= 0),
    half_opens_at timestamptz,
    probe_holder  text NOT NULL,
    probe_until   timestamptz,
    reason        text NOT NULL
);
COMMENT ON TABLE lane_health IS 'The circuit breaker of each lane that has been used. A row is changed under its own lock.';
COMMENT ON COLUMN lane_health.since IS 'When it entered this state.';
COMMENT ON COLUMN lane_health.counted_from IS 'Outcomes before this do not count.';
COMMENT ON COLUMN lane_health.pause_s IS 'Seconds of the last pause; each failed probe makes it longer. 0 while nothing has failed.';
COMMENT ON COLUMN lane_health.half_opens_at IS 'When an open lane may be tried by one batch; null unless open.';
COMMENT ON COLUMN lane_health.probe_holder IS 'Id of the batch that tries the lane; empty for none.';
COMMENT ON COLUMN lane_health.probe_until IS 'When another batch may try, if the holder has not been heard of.';
COMMENT ON COLUMN lane_health.reason IS 'Why it is in this state, for a person.';

CREATE TABLE lane_outcomes (
    outcome_id text PRIMARY KEY,
    lane       text NOT NULL,
    batch_id   text NOT NULL,
    verdict    text NOT NULL CHECK (verdict IN ('success', 'failure', 'neutral')),
    detail     text NOT NULL,
    started_at timestamptz NOT NULL,
    at         timestamptz NOT NULL
);
CREATE INDEX lane_outcomes_lane_at ON lane_outcomes (lane, at);
COMMENT ON TABLE lane_outcomes IS 'How each try of a batch on a lane ended.';
COMMENT ON COLUMN lane_outcomes.verdict IS 'failure: of the infrastructure; neutral: the fault of the batch or its model, which says nothing of the lane.';
COMMENT ON COLUMN lane_outcomes.started_at IS 'When the lane began to work on the batch.';

CREATE TABLE lane_transitions (
    transition_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    lane          text NOT NULL,
    from_state    text NOT NULL,
    to_state      text NOT NULL,
    reason        text NOT NULL,
    failure_rate  double precision NOT NULL CHECK (failure_rate BETWEEN 0 AND 1),
    at            timestamptz NOT NULL,
    published_at  timestamptz
);
CREATE INDEX lane_transitions_unpublished ON lane_transitions (transition_id) WHERE published_at IS NULL;
COMMENT ON TABLE lane_transitions IS 'Every change of a breaker. Each is published at least once, as an event.';
COMMENT ON COLUMN lane_transitions.failure_rate IS 'Share of failures in the window that was looked at.';
COMMENT ON COLUMN lane_transitions.published_at IS 'When the event was first known to be sent; null before.';
