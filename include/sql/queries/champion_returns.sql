SELECT model_name, kind, from_version, to_version, decided_by, reason, evidence_uri, at
FROM model_promotions
WHERE at > %(since)s AND decided_by = ANY(%(deciders)s)
ORDER BY promotion_id
