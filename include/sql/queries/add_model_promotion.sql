INSERT INTO model_promotions (
    model_name, kind, from_version, to_version, decided_by, reason, evidence_uri, at
) VALUES (
    %(model_name)s, %(kind)s, %(from_version)s, %(to_version)s, %(by)s, %(reason)s,
    %(evidence_uri)s, %(at)s
)
