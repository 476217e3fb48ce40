CREATE TEMPORARY TABLE staged_quarantine (
    ordinal     bigint GENERATED ALWAYS AS IDENTITY,
    "row"       bigint NOT NULL,
    document_id text,
    reason      text NOT NULL,
    detail      text NOT NULL,
    excerpt     text NOT NULL
) ON COMMIT DROP
