SELECT model_name, model_version, account_id, night, feature, effect
FROM drift_findings
WHERE level = 'major' AND night BETWEEN %(since)s AND %(until)s
ORDER BY night, model_name, model_version, account_id, feature, window_days
