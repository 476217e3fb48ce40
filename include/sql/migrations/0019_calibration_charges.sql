-- Probes that calibrate a lane are charged beside batches: they are for no account.

ALTER TABLE usage_charges DROP CONSTRAINT usage_charges_x_kind_check;
ALTER TABLE usage_charges ADD CONSTRAINT usage_charges_x_kind_check CHECK (x_kind IN
    ('requests', 'data', 'rows_written', 'rows_stored', 'endpoint_time', 'calibration'));
CREATE INDEX usage_charges_of_calibration ON usage_charges (resource_id, charge_period_end)
    WHERE x_kind = 'calibration';
