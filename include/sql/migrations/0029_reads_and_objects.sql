-- What proofs read of DynamoDB, and what batches keep in S3, is charged as well.

ALTER TABLE usage_charges DROP CONSTRAINT usage_charges_x_kind_check;
ALTER TABLE usage_charges ADD CONSTRAINT usage_charges_x_kind_check CHECK (x_kind IN
    ('requests', 'data', 'rows_written', 'rows_stored', 'endpoint_time', 'calibration',
     'provisioned_concurrency', 'training', 'evaluation', 'comparison', 'rows_read',
     'objects_stored'));

ALTER TABLE batches ADD COLUMN work_bytes bigint CHECK (work_bytes >= 0);
COMMENT ON COLUMN batches.work_bytes IS 'What the batch''s objects in the work bucket came to when its usage was booked; null before.';

ALTER TABLE reconciliations ADD COLUMN is_metered boolean NOT NULL DEFAULT false;
CREATE INDEX reconciliations_unmetered ON reconciliations (proved_at) WHERE NOT is_metered;
COMMENT ON COLUMN reconciliations.is_metered IS 'Whether what the proof read of DynamoDB is booked.';
