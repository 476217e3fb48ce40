-- Batches of a time, summed by day and lane: read from an index alone, without the rows' width.

DROP INDEX batches_by_submission;
CREATE INDEX batches_by_submission ON batches (submitted_at DESC)
    INCLUDE (lane, state, deadline_met, document_count);

-- How many days there are: without it every batch is taken for a group of its own, and all are
-- sorted on disk.
CREATE STATISTICS batches_days ON ((submitted_at AT TIME ZONE 'UTC')::date) FROM batches;
ANALYZE batches;
