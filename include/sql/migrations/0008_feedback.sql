-- What accounts say the right label was.

CREATE TABLE feedback (
    account_id  text COLLATE "C" NOT NULL REFERENCES accounts,
    document_id text COLLATE "C" NOT NULL,
    batch_id    text COLLATE "C" NOT NULL REFERENCES batches,
    label       text NOT NULL CHECK (label <> ''),
    source      text NOT NULL DEFAULT 'table' CHECK (source <> ''),
    given_at    timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (account_id, batch_id, document_id)
);
CREATE INDEX feedback_by_batch ON feedback (batch_id, document_id);
CREATE INDEX feedback_by_time ON feedback (given_at);
COMMENT ON TABLE feedback IS 'One row a document of a batch whose right label is known; the last word counts.';
COMMENT ON COLUMN feedback.label IS 'The right label, whatever the model answered.';
COMMENT ON COLUMN feedback.source IS 'Where it came from: the S3 URI of an upload, or table where somebody wrote the row.';
COMMENT ON COLUMN feedback.given_at IS 'When the label was given: as the row says, else when it was loaded.';

CREATE TABLE feedback_quarantine (
    upload_uri     text COLLATE "C" NOT NULL,
    content_digest text COLLATE "C" NOT NULL,
    "row"          bigint NOT NULL CHECK ("row" >= 0),
    account_id     text COLLATE "C" NOT NULL,
    reason         text NOT NULL,
    detail         text NOT NULL,
    excerpt        text NOT NULL,
    loaded_at      timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (upload_uri, content_digest, "row")
);
COMMENT ON TABLE feedback_quarantine IS 'Rows of uploaded feedback that were set aside, each with its reason.';
COMMENT ON COLUMN feedback_quarantine.content_digest IS 'sha256 (hex) of the upload: the same name may come again with other rows.';
COMMENT ON COLUMN feedback_quarantine."row" IS 'Zero-based position behind the header, blank lines not counted.';
COMMENT ON COLUMN feedback_quarantine.account_id IS 'The folder it was uploaded to; the account may not exist.';
