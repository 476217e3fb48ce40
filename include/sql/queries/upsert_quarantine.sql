INSERT INTO quarantined_documents (batch_id, "row", document_id, reason, detail, excerpt)
SELECT DISTINCT ON ("row") %(batch_id)s, "row", document_id, reason, detail, excerpt
FROM staged_quarantine
ORDER BY "row", ordinal DESC
ON CONFLICT (batch_id, "row") DO UPDATE SET
    document_id = excluded.document_id,
    reason = excluded.reason,
    detail = excluded.detail,
    excerpt = excluded.excerpt
