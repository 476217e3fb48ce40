-- Batches that closed well, as traffic for the what-if form; one more than is wanted shows that there
-- are too many.
SELECT
    submitted_at, document_count, token_estimate,
    extract(epoch FROM deadline_at - submitted_at)::double precision AS deadline_s
FROM batches
WHERE state = 'succeeded' AND lane IS NOT NULL AND document_count > 0
    AND submitted_at >= %(first)s::date::timestamp AT TIME ZONE 'UTC'
    AND submitted_at < (%(last)s::date + 1)::timestamp AT TIME ZONE 'UTC'
    AND (%(account)s::text IS NULL OR account_id = %(account)s)
ORDER BY submitted_at
LIMIT %(limit)s
