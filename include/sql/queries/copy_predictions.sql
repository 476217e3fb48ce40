COPY staged_predictions (document_id, label, score, stage, heads) FROM STDIN
