COPY staged_quarantine ("row", document_id, reason, detail, excerpt) FROM STDIN
