-- Of two rows of a document the later one stands. Rows whose answer is the one that stands
-- already are left alone: a repeated load writes nothing.
INSERT INTO predictions (
    batch_id, document_id, model_version, account_id, model_name, label, score, stage, heads
)
SELECT DISTINCT ON (document_id)
    %(batch_id)s, document_id, %(model_version)s, %(account_id)s, %(model_name)s,
    label, score, stage, heads
FROM staged_predictions
ORDER BY document_id, ordinal DESC
ON CONFLICT (batch_id, document_id, model_version) DO UPDATE SET
    label = excluded.label,
    score = excluded.score,
    stage = excluded.stage,
    heads = excluded.heads
WHERE (predictions.label, predictions.score, predictions.stage, predictions.heads)
    IS DISTINCT FROM (excluded.label, excluded.score, excluded.stage, excluded.heads)
