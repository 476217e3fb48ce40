-- Proofs whose reads of DynamoDB are not booked, the oldest first. The index holds an item's keys alone;
-- bytes as in unmetered_batches.sql. A full proof reads every row, and so does a repair, in each
-- round of it.
SELECT
    b.batch_id, b.account_id, b.model_name, b.model_version, r.proved_at,
    coalesce(held.index_bytes, 0)::bigint, r.expected_count,
    (r.scope = 'full')::integer * (1 + (r.repaired_shards <> '{}')::integer)
        + (r.repaired_shards <> '{}')::integer
FROM reconciliations AS r
JOIN batches AS b USING (batch_id)
CROSS JOIN LATERAL (
    SELECT sum(21.0 + octet_length(p.account_id) + octet_length(p.document_id)
               + octet_length(p.model_name) + octet_length(p.model_version)
               + 2 * octet_length(p.batch_id)) AS index_bytes
    FROM predictions AS p WHERE p.batch_id = b.batch_id
) AS held
WHERE NOT r.is_metered
ORDER BY r.proved_at, r.batch_id
LIMIT %(limit)s
