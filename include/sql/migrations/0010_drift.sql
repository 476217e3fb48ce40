-- What accounts send and models answer, night by night, and what of it has moved.

CREATE TABLE drift_profiles (
    batch_id      text COLLATE "C" PRIMARY KEY REFERENCES batches ON DELETE CASCADE,
    account_id    text COLLATE "C" NOT NULL,
    model_name    text NOT NULL,
    model_version text COLLATE "C" NOT NULL,
    model_digest  text NOT NULL,
    night         date NOT NULL,
    documents     integer NOT NULL CHECK (documents >= 0),
    sketch        jsonb,
    CHECK ((sketch IS NULL) = (documents = 0))
);
CREATE INDEX drift_profiles_by_stream
    ON drift_profiles (account_id, model_name, model_version, night);
CREATE INDEX drift_profiles_by_night ON drift_profiles (night);
COMMENT ON TABLE drift_profiles IS 'One row a batch that was looked at: counts and sums over a sample of its documents.';
COMMENT ON COLUMN drift_profiles.night IS 'The watch that counted the batch: the first after it closed.';
COMMENT ON COLUMN drift_profiles.documents IS 'Documents of the sample; 0 where nothing could be read.';
COMMENT ON COLUMN drift_profiles.sketch IS 'include/domain/drift/sketch.py; null where nothing could be read.';

CREATE TABLE drift_findings (
    night               date NOT NULL,
    account_id          text COLLATE "C" NOT NULL,
    model_name          text NOT NULL,
    model_version       text COLLATE "C" NOT NULL,
    feature             text NOT NULL CHECK (feature IN
                        ('length', 'vocabulary', 'embedding', 'labels', 'score', 'quality')),
    window_days         integer NOT NULL CHECK (window_days > 0),
    compared_with       text NOT NULL CHECK (compared_with IN ('training', 'own')),
    documents           bigint NOT NULL CHECK (documents > 0),
    reference_documents bigint NOT NULL CHECK (reference_documents > 0),
    effect              double precision NOT NULL,
    p_value             double precision NOT NULL CHECK (p_value BETWEEN 0 AND 1),
    adjusted_p_value    double precision NOT NULL CHECK (adjusted_p_value BETWEEN 0 AND 1),
    level               text NOT NULL CHECK (level IN ('steady', 'slight', 'moderate', 'major')),
    note                text NOT NULL,
    report_uri          text NOT NULL,
    PRIMARY KEY (night, account_id, model_name, model_version, feature, window_days)
);
CREATE INDEX drift_findings_alarms ON drift_findings (model_name, night) WHERE level <> 'steady';
COMMENT ON TABLE drift_findings IS 'One row a test: a feature of what an account sent to a model version, in a window that ends with the night.';
COMMENT ON COLUMN drift_findings.compared_with IS 'own: the account''s first days with the version; training: what the version was trained on.';
COMMENT ON COLUMN drift_findings.effect IS 'Population Stability Index, or its equal for vectors, less what chance brings; of quality the loss of accuracy, 0 to 1.';
COMMENT ON COLUMN drift_findings.adjusted_p_value IS 'Benjamini-Hochberg over all tests of the night.';
COMMENT ON COLUMN drift_findings.report_uri IS 'S3 URI of the night''s page.';

CREATE TABLE drift_releases (
    run_id     text COLLATE "C" PRIMARY KEY,
    model_name text NOT NULL,
    night      date NOT NULL,
    reason     text NOT NULL,
    data_uri   text NOT NULL,
    opened_at  timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX drift_releases_by_model ON drift_releases (model_name, night DESC);
COMMENT ON TABLE drift_releases IS 'Releases that drift has asked for; no other follows within the cool-down.';
COMMENT ON COLUMN drift_releases.data_uri IS 'S3 URI of the labelled documents: the training data, and what the drifting accounts have labelled.';
