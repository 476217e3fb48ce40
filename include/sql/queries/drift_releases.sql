SELECT run_id, model_name, night, reason, data_uri
FROM drift_releases
WHERE night >= %(since)s
ORDER BY night, run_id
