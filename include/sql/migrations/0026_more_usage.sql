-- Every job and call is charged: those of releases and comparisons, and environments that a
-- serverless endpoint keeps warm.

ALTER TABLE usage_charges DROP CONSTRAINT usage_charges_x_kind_check;
ALTER TABLE usage_charges ADD CONSTRAINT usage_charges_x_kind_check CHECK (x_kind IN
    ('requests', 'data', 'rows_written', 'rows_stored', 'endpoint_time', 'calibration',
     'provisioned_concurrency', 'training', 'evaluation', 'comparison'));

DROP INDEX usage_charges_by_resource;
CREATE INDEX usage_charges_by_resource ON usage_charges (resource_id, charge_period_end)
    WHERE x_kind IN ('endpoint_time', 'provisioned_concurrency');
DROP INDEX usage_charges_of_calibration;
CREATE INDEX usage_charges_of_calls ON usage_charges (resource_id, charge_period_end)
    WHERE x_kind IN ('calibration', 'comparison');
CREATE INDEX usage_charges_of_releases ON usage_charges (charge_period_end)
    WHERE x_kind IN ('training', 'evaluation');
COMMENT ON TABLE usage_charges IS 'Columns of FOCUS, as in charges: requests, bytes and rows of batches; rows that are kept; endpoints while nobody used them, and what they keep warm; probes, jobs of releases and calls of comparisons.';
