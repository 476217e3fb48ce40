-- Rows that stand, and their bytes. DynamoDB counts an item as unmetered_batches.sql says, and 100
-- bytes besides; so it does for its keys in the index. A row's share of Aurora's table is by count.
SELECT
    account_id, model_name, model_version, count(*),
    sum(252.0 + octet_length(document_id) * 2 + octet_length(batch_id) * 4
        + octet_length(account_id) * 2 + octet_length(model_name) * 2
        + octet_length(model_version) * 2 + octet_length(label)
        + coalesce(5 + octet_length(stage), 0)
        + coalesce(5 + octet_length(heads::text), 0))::double precision,
    count(*) * pg_total_relation_size('predictions')::double precision / sum(count(*)) OVER ()
FROM predictions
GROUP BY 1, 2, 3
ORDER BY 1, 2, 3
