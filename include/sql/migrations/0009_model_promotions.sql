-- Which version of a model answered batches, since when, and who decided it.

CREATE TABLE model_promotions (
    promotion_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    model_name   text COLLATE "C" NOT NULL,
    kind         text NOT NULL CHECK (kind IN ('promoted', 'rolled_back', 'followed', 'reverted')),
    from_version text COLLATE "C",
    to_version   text COLLATE "C" NOT NULL,
    decided_by   text NOT NULL,
    reason       text NOT NULL,
    evidence_uri text NOT NULL,
    at           timestamptz NOT NULL
);
CREATE INDEX model_promotions_by_model ON model_promotions (model_name, promotion_id);
COMMENT ON TABLE model_promotions IS 'Every move of a model''s champion, oldest first by promotion_id; rows are never changed.';
COMMENT ON COLUMN model_promotions.kind IS 'followed: moved by hand in the registry and kept; reverted: moved by hand and put back.';
COMMENT ON COLUMN model_promotions.from_version IS 'Null where the model had no champion.';
COMMENT ON COLUMN model_promotions.decided_by IS 'A user, or the use case that decided by itself.';
COMMENT ON COLUMN model_promotions.evidence_uri IS 'S3 prefix of what its release found; empty where it was promoted without.';
