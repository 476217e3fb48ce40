COPY staged_predictions (document_id, label, score) FROM STDIN
