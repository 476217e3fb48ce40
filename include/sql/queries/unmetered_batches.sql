-- Batches that closed, or closed again, since their usage was booked. An item's size as DynamoDB counts
-- it: the names of its attributes and their values, a number of up to 21 bytes, a map about as its
-- JSON; the index holds the keys alone.
SELECT
    b.batch_id, b.account_id, b.model_name, b.model_version, b.lane, b.submitted_at, b.closed_at,
    coalesce(units.write_units, 0)::bigint,
    EXISTS (SELECT FROM queued_batches AS q WHERE q.run_id = b.run_id)
FROM batches AS b
CROSS JOIN LATERAL (
    SELECT sum(ceil((52.0 + octet_length(p.account_id) + octet_length(p.document_id)
                     + octet_length(p.model_name) + octet_length(p.model_version)
                     + 2 * octet_length(p.batch_id) + octet_length(p.label)
                     + 5 * (p.stage IS NOT NULL)::integer
                     + coalesce(octet_length(p.stage), 0)
                     + coalesce(5 + octet_length(p.heads::text), 0)) / 1024) + 1) AS write_units
    FROM predictions AS p WHERE p.batch_id = b.batch_id
) AS units
WHERE b.metered_at IS NULL AND b.closed_at IS NOT NULL OR b.metered_at < b.closed_at
ORDER BY b.closed_at
LIMIT %(limit)s
