-- Batches that run, those due first at the top.
SELECT
    b.batch_id, b.run_id, b.account_id, coalesce(b.lane, '') AS lane, b.document_count,
    b.submitted_at, b.deadline_at, a.miss_probability
FROM batches AS b
LEFT JOIN placement_alternatives AS a ON a.batch_id = b.batch_id AND a.lane = b.lane
WHERE b.state = 'running'
ORDER BY b.deadline_at
LIMIT %(limit)s
