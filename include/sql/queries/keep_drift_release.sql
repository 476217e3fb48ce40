INSERT INTO drift_releases (run_id, model_name, night, reason, data_uri)
VALUES (%(run_id)s, %(model_name)s, %(night)s, %(reason)s, %(data_uri)s)
ON CONFLICT (run_id) DO NOTHING
