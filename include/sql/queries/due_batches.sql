SELECT batch_id, account_id, tier, submitted_at, deadline_at
FROM batches
WHERE state = 'running'
ORDER BY deadline_at
