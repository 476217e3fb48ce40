-- What batches took on lanes, the curves fitted to it, and what placements were weighed against.

CREATE TABLE lane_observations (
    observation_id text PRIMARY KEY,
    lane           text NOT NULL,
    instance_type  text NOT NULL,
    model_name     text NOT NULL,
    tokens         bigint NOT NULL CHECK (tokens >= 0),
    documents      bigint NOT NULL CHECK (documents >= 0),
    instances      integer NOT NULL CHECK (instances > 0),
    started        integer NOT NULL CHECK (started BETWEEN 0 AND instances),
    latency_s      double precision NOT NULL,
    billed_s       double precision NOT NULL,
    is_failed      boolean NOT NULL,
    interruptions  integer NOT NULL CHECK (interruptions >= 0),
    held_s         double precision NOT NULL CHECK (held_s >= 0),
    seen_at        timestamptz NOT NULL
);
CREATE INDEX lane_observations_by_curve
    ON lane_observations (lane, instance_type, model_name, seen_at DESC);
COMMENT ON TABLE lane_observations IS 'One row a batch and lane: what it took there.';
COMMENT ON COLUMN lane_observations.observation_id IS 'Deterministic: a repetition adds nothing.';
COMMENT ON COLUMN lane_observations.started IS 'Instances started for the batch; the others were in service.';
COMMENT ON COLUMN lane_observations.latency_s IS 'Seconds from the request to the last document.';
COMMENT ON COLUMN lane_observations.billed_s IS 'Instance seconds at the price on demand.';
COMMENT ON COLUMN lane_observations.is_failed IS 'The lane gave the work up, or a part of it was done again; its times are not fitted.';
COMMENT ON COLUMN lane_observations.held_s IS 'Instance seconds on spot, in which interruptions could come.';

CREATE TABLE lane_curves (
    lane          text NOT NULL,
    instance_type text NOT NULL,
    model_name    text NOT NULL,
    curve         jsonb NOT NULL,
    fitted_at     timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (model_name, lane, instance_type)
);
COMMENT ON TABLE lane_curves IS 'What is believed of each lane; made anew of lane_observations and the lanes file whenever a batch ends.';

ALTER TABLE placement_alternatives
    ADD COLUMN miss_probability double precision CHECK (miss_probability BETWEEN 0 AND 1),
    ADD COLUMN doubt_usd        double precision NOT NULL DEFAULT 0 CHECK (doubt_usd >= 0),
    ADD COLUMN observations     integer NOT NULL DEFAULT 0 CHECK (observations >= 0);
COMMENT ON COLUMN placement_alternatives.miss_probability IS 'Of being late on the lane; null in placements from before it was known.';
COMMENT ON COLUMN placement_alternatives.doubt_usd IS 'Standard deviation of list_cost_usd: what more batches on the lane would tell.';
COMMENT ON COLUMN placement_alternatives.observations IS 'Batches the estimate rests on, beside the lanes file.';

ALTER TABLE batches
    ADD COLUMN exploration_usd double precision NOT NULL DEFAULT 0 CHECK (exploration_usd >= 0);
COMMENT ON COLUMN batches.exploration_usd IS 'What the placement was expected to cost beyond the cheapest lane, to learn of the lane.';
