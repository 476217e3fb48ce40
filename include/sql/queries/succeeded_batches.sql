SELECT batch_id FROM batches
WHERE state = 'succeeded' AND closed_at >= %(since)s
ORDER BY closed_at, batch_id
