SELECT model_name, model_version, max(closed_at) FROM batches
WHERE closed_at IS NOT NULL
GROUP BY model_name, model_version
