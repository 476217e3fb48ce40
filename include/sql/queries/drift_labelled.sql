SELECT account_id, batch_id, document_id, label
FROM (
    SELECT DISTINCT ON (f.account_id, f.document_id)
           f.account_id, f.batch_id, f.document_id, f.label, f.given_at
    FROM feedback AS f
    JOIN batches AS b ON b.batch_id = f.batch_id
    WHERE b.model_name = %(model_name)s AND f.account_id = ANY(%(accounts)s)
    ORDER BY f.account_id, f.document_id, f.given_at DESC
) AS latest
ORDER BY given_at, account_id, document_id
