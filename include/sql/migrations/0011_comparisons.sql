-- A challenger beside the champion: what was asked, what both answered, what was found.

CREATE TABLE comparisons (
    comparison_id      text COLLATE "C" PRIMARY KEY,
    kind               text NOT NULL CHECK (kind IN ('shadow', 'canary')),
    model_name         text COLLATE "C" NOT NULL,
    champion_version   text COLLATE "C" NOT NULL,
    champion_digest    text NOT NULL,
    challenger_version text COLLATE "C" NOT NULL,
    challenger_digest  text NOT NULL,
    account_share      double precision NOT NULL CHECK (account_share BETWEEN 0 AND 1),
    document_share     double precision NOT NULL CHECK (document_share BETWEEN 0 AND 1),
    level              double precision NOT NULL,
    margin             double precision NOT NULL,
    max_documents      bigint NOT NULL,
    batch_documents    bigint NOT NULL,
    budget_usd         double precision NOT NULL,
    max_failed_batches integer NOT NULL,
    days               double precision NOT NULL,
    started_by         text NOT NULL,
    started_at         timestamptz NOT NULL,
    finding            text CHECK (finding IN ('better', 'equivalent', 'worse', 'undecided')),
    reason             text,
    ended_at           timestamptz,
    evidence_uri       text NOT NULL DEFAULT '',
    CHECK ((finding IS NULL) = (ended_at IS NULL) AND (reason IS NULL) = (ended_at IS NULL))
);
CREATE UNIQUE INDEX comparisons_running ON comparisons (model_name) WHERE ended_at IS NULL;
COMMENT ON TABLE comparisons IS 'One row a comparison of a model''s challenger with its champion; one a model at a time.';
COMMENT ON COLUMN comparisons.comparison_id IS 'Also the salt of the hashes that split accounts and documents.';
COMMENT ON COLUMN comparisons.account_share IS 'Share of accounts whose batches the challenger answers; 0 for a shadow.';
COMMENT ON COLUMN comparisons.document_share IS 'Share of a closed batch''s documents that the version which did not answer it answers besides.';
COMMENT ON COLUMN comparisons.level IS 'Probability of a wrong finding, at most.';
COMMENT ON COLUMN comparisons.margin IS 'Differences of accuracy up to this count as none.';
COMMENT ON COLUMN comparisons.budget_usd IS 'List cost, US dollars, of what is scored for the comparison alone.';
COMMENT ON COLUMN comparisons.evidence_uri IS 'S3 prefix of the report; empty until it is written.';

CREATE TABLE comparison_batches (
    comparison_id      text COLLATE "C" NOT NULL REFERENCES comparisons ON DELETE CASCADE,
    batch_id           text COLLATE "C" NOT NULL,
    account_id         text COLLATE "C" NOT NULL,
    served_version     text COLLATE "C" NOT NULL,
    scored_count       bigint NOT NULL CHECK (scored_count >= 0),
    refused_count      bigint NOT NULL CHECK (refused_count >= 0),
    call_s             double precision NOT NULL CHECK (call_s >= 0),
    list_cost_usd      double precision NOT NULL CHECK (list_cost_usd >= 0),
    probe_documents    bigint NOT NULL CHECK (probe_documents >= 0),
    champion_probe_s   double precision NOT NULL,
    challenger_probe_s double precision NOT NULL,
    scored_at          timestamptz NOT NULL,
    PRIMARY KEY (comparison_id, batch_id)
);
COMMENT ON TABLE comparison_batches IS 'Closed batches of which a share was answered by the other version too. Their results stay as they are.';
COMMENT ON COLUMN comparison_batches.served_version IS 'The version whose answers the batch''s account has.';
COMMENT ON COLUMN comparison_batches.refused_count IS 'Documents taken that one of the two versions refused.';
COMMENT ON COLUMN comparison_batches.call_s IS 'Seconds of the endpoints'' calls for the comparison.';
COMMENT ON COLUMN comparison_batches.probe_documents IS 'Documents in one warm call to each version, to compare their seconds; 0 where none was made.';

CREATE TABLE comparison_answers (
    comparison_id    text COLLATE "C" NOT NULL,
    batch_id         text COLLATE "C" NOT NULL,
    document_id      text COLLATE "C" NOT NULL,
    champion_label   text NOT NULL,
    champion_score   real NOT NULL,
    challenger_label text NOT NULL,
    challenger_score real NOT NULL,
    PRIMARY KEY (comparison_id, batch_id, document_id),
    FOREIGN KEY (comparison_id, batch_id) REFERENCES comparison_batches ON DELETE CASCADE
);
COMMENT ON TABLE comparison_answers IS 'One row a document that both versions have answered; never a result of a batch.';
