SELECT model_name, kind, from_version, to_version, decided_by, reason, evidence_uri, at
FROM model_promotions
WHERE model_name = %(model_name)s
ORDER BY promotion_id
