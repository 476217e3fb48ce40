-- How many documents an instance takes, as calibration has found.

ALTER TABLE lane_curves ADD COLUMN document_limits jsonb NOT NULL DEFAULT '[]'
    CHECK (jsonb_typeof(document_limits) = 'array');
COMMENT ON COLUMN lane_curves.document_limits IS 'By length in tokens, the documents that fit on an instance; null where no end was found. Kept when the curve is fitted anew.';
