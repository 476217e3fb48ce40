-- Batches that run, those due first at the top, with the latest prediction of a miss.
SELECT
    b.batch_id, b.run_id, b.account_id, coalesce(b.lane, '') AS lane, b.document_count,
    b.deadline_at, coalesce(r.miss_probability, a.miss_probability), r.predicted_at,
    coalesce(r.actions, '')
FROM (
    SELECT * FROM batches WHERE state = 'running' ORDER BY deadline_at LIMIT %(limit)s
) AS b
LEFT JOIN placement_alternatives AS a ON a.batch_id = b.batch_id AND a.lane = b.lane
LEFT JOIN LATERAL (
    SELECT
        (array_agg(e.miss_probability ORDER BY e.at DESC))[1] AS miss_probability,
        (array_agg(e.predicted_at ORDER BY e.at DESC))[1] AS predicted_at,
        string_agg(nullif(e.action, ''), ', ' ORDER BY e.at) AS actions
    FROM sla_events AS e
    WHERE e.batch_id = b.batch_id AND e.kind = 'risk'
) AS r ON true
ORDER BY b.deadline_at
