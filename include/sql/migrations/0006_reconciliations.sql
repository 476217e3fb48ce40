-- What was proved of the two stores against a batch's output, and what had to be repaired.

CREATE TABLE reconciliations (
    batch_id        text COLLATE "C" NOT NULL,
    proved_at       timestamptz NOT NULL DEFAULT now(),
    scope           text NOT NULL CHECK (scope IN ('closing', 'full')),
    expected_count  bigint NOT NULL CHECK (expected_count >= 0),
    checksum        text COLLATE "C" NOT NULL,
    repaired_shards text[] NOT NULL,
    is_consistent   boolean NOT NULL,
    finding         text NOT NULL
);
CREATE INDEX reconciliations_by_batch ON reconciliations (batch_id, proved_at DESC);
COMMENT ON TABLE reconciliations IS 'One row a proof of a batch; the latest counts.';
COMMENT ON COLUMN reconciliations.scope IS 'closing: counts and checksums as the batch closed; full: every row of both stores read.';
COMMENT ON COLUMN reconciliations.checksum IS 'Sum of the expected rows'' hashes modulo 2^64, hexadecimal (include/domain/fingerprints.py).';
COMMENT ON COLUMN reconciliations.repaired_shards IS 'Shards loaded again, each as store/shard.';
COMMENT ON COLUMN reconciliations.finding IS 'What was off, and still is where is_consistent is false; empty otherwise.';
