-- What GPUs were seen to do, and what was saved by taking away those that did nothing.

CREATE TABLE gpu_samples (
    resource_id   text COLLATE "C" NOT NULL,
    resource_kind text NOT NULL CHECK (resource_kind IN
                  ('async_endpoint', 'endpoint', 'transform_job', 'training_job', 'processing_job')),
    instance_type text NOT NULL,
    gpus          integer NOT NULL CHECK (gpus >= 0),
    utilisation   double precision CHECK (utilisation BETWEEN 0 AND 1),
    at            timestamptz NOT NULL,
    is_emulated   boolean NOT NULL,
    PRIMARY KEY (resource_id, at)
);
CREATE INDEX gpu_samples_by_time ON gpu_samples (at);
COMMENT ON TABLE gpu_samples IS 'A look at something of ours that holds GPUs.';
COMMENT ON COLUMN gpu_samples.gpus IS 'On all its instances.';
COMMENT ON COLUMN gpu_samples.utilisation IS 'Mean share of a GPU''s time in use over the time looked at; null where the metric is missing, which is not idleness.';
COMMENT ON COLUMN gpu_samples.is_emulated IS 'The GPU is: its utilisation is that of a processor which stands for it.';

CREATE TABLE savings (
    saving_id          text COLLATE "C" PRIMARY KEY,
    resource_id        text COLLATE "C" NOT NULL,
    resource_kind      text NOT NULL,
    reason             text NOT NULL CHECK (reason IN ('idle', 'orphan', 'quiet hours')),
    action             text NOT NULL CHECK (action IN
                       ('scaled to zero', 'scaled to one', 'stopped', 'deleted')),
    instance_type      text NOT NULL,
    instances          integer NOT NULL CHECK (instances > 0),
    since              timestamptz NOT NULL,
    saved_usd_per_hour double precision NOT NULL CHECK (saved_usd_per_hour >= 0),
    list_saved_usd     double precision NOT NULL CHECK (list_saved_usd >= 0),
    is_emulated        boolean NOT NULL,
    at                 timestamptz NOT NULL,
    counts_until       timestamptz NOT NULL CHECK (counts_until >= at),
    counted_to         timestamptz NOT NULL CHECK (counted_to BETWEEN at AND counts_until),
    ended_at           timestamptz
);
CREATE INDEX savings_open ON savings (resource_id) WHERE ended_at IS NULL;
CREATE INDEX savings_by_time ON savings (at);
COMMENT ON TABLE savings IS 'Instances that were taken away because they did nothing, and what they have not cost since.';
COMMENT ON COLUMN savings.instances IS 'How many were taken away.';
COMMENT ON COLUMN savings.since IS 'Since when they had done nothing; what they cost from then to at is waste in the ledger.';
COMMENT ON COLUMN savings.saved_usd_per_hour IS 'List price of the instances taken away. No bill where is_emulated.';
COMMENT ON COLUMN savings.list_saved_usd IS 'From at to counted_to, at list price.';
COMMENT ON COLUMN savings.counts_until IS 'Nothing is counted past it: they would have gone by themselves then, or nobody can tell.';
COMMENT ON COLUMN savings.ended_at IS 'When counting ended: counts_until was reached, or instances came back. Null while it goes on.';
