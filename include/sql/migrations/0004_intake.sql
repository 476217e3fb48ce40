-- Batches that arrive as messages of a queue.

CREATE TABLE queued_batches (
    queue_key      text COLLATE "C" PRIMARY KEY,
    lane_class     text NOT NULL CHECK (lane_class IN ('express', 'bulk')),
    account_id     text COLLATE "C" NOT NULL,
    batch_uri      text NOT NULL,
    submission_key text NOT NULL,
    state          text NOT NULL
                   CHECK (state IN ('running', 'failed', 'waiting', 'committed', 'refused')),
    run_id         text COLLATE "C" NOT NULL DEFAULT '',
    runs           integer NOT NULL DEFAULT 0 CHECK (runs >= 0),
    failures       integer NOT NULL DEFAULT 0 CHECK (failures BETWEEN 0 AND runs),
    is_final       boolean NOT NULL DEFAULT false,
    reason         text NOT NULL DEFAULT '',
    message_id     text NOT NULL,
    lease_until    timestamptz NOT NULL DEFAULT '-infinity',
    received_at    timestamptz NOT NULL DEFAULT now(),
    changed_at     timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX queued_batches_running ON queued_batches (lane_class, account_id)
    WHERE state IN ('running', 'failed');
CREATE INDEX queued_batches_by_run ON queued_batches (run_id) WHERE state = 'running';
CREATE INDEX batches_by_submission_key ON batches (account_id, submission_key);
COMMENT ON TABLE queued_batches IS 'One row a request that came by a queue; the key is a hash of its content, so a message delivered twice finds its row.';
COMMENT ON COLUMN queued_batches.account_id IS 'As the message has it: the account may not exist, and is empty where the message names none.';
COMMENT ON COLUMN queued_batches.state IS 'running: a run was granted; failed: it failed, the message is not settled yet; waiting: the message was put back; committed: the batch stands in both stores; refused: the message is in the dead-letter queue.';
COMMENT ON COLUMN queued_batches.run_id IS 'The orchestrator''s run granted last.';
COMMENT ON COLUMN queued_batches.runs IS 'Runs granted so far.';
COMMENT ON COLUMN queued_batches.failures IS 'Of those, the ones that failed since the message was last sent.';
COMMENT ON COLUMN queued_batches.is_final IS 'The last run failed for a reason that another would meet again.';
COMMENT ON COLUMN queued_batches.reason IS 'Why the last run failed, or the message was refused.';
COMMENT ON COLUMN queued_batches.message_id IS 'The message that was received last; settled when the state says so.';
COMMENT ON COLUMN queued_batches.lease_until IS 'Until then a running batch counts towards its account''s cap; its consumer keeps renewing it.';
