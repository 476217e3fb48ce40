SELECT batch_id, account_id, model_version, document_count
FROM batches AS b
WHERE model_name = %(model_name)s
    AND model_digest IN (%(champion_digest)s, %(challenger_digest)s)
    AND model_version IN (%(champion_version)s, %(challenger_version)s)
    AND submitted_at >= %(started_at)s
    AND state = 'succeeded'
    AND NOT EXISTS (
        SELECT FROM comparison_batches AS c
        WHERE c.comparison_id = %(comparison_id)s AND c.batch_id = b.batch_id
    )
ORDER BY closed_at, batch_id
LIMIT %(limit)s
