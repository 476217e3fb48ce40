INSERT INTO drift_profiles
    (batch_id, account_id, model_name, model_version, model_digest, night, documents, sketch)
VALUES (%(batch_id)s, %(account_id)s, %(model_name)s, %(model_version)s, %(model_digest)s,
        %(night)s, %(documents)s, %(sketch)s)
ON CONFLICT (batch_id) DO NOTHING
