SELECT w."row", a.batch_id, w.document_id, a.model_name, a.model_version, a.model_digest
FROM unnest(%(rows)s::bigint[], %(documents)s::text[], %(batches)s::text[])
     AS w("row", document_id, batch_id)
CROSS JOIN LATERAL (
    SELECT b.batch_id, b.model_name, b.model_version, b.model_digest
    FROM predictions AS p
    JOIN batches AS b ON b.batch_id = p.batch_id AND b.model_version = p.model_version
    WHERE p.account_id = %(account_id)s
      AND p.document_id = w.document_id
      AND (w.batch_id IS NULL OR p.batch_id = w.batch_id)
    ORDER BY b.submitted_at DESC, b.batch_id
    LIMIT 1
) AS a
