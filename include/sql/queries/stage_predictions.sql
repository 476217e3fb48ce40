CREATE TEMPORARY TABLE staged_predictions (
    ordinal     bigint GENERATED ALWAYS AS IDENTITY,
    document_id text COLLATE "C" NOT NULL,
    label       text NOT NULL,
    score       real NOT NULL,
    stage       text,
    heads       jsonb
) ON COMMIT DROP
