SELECT
    b.account_id, b.model_name, b.model_version, b.model_digest,
    count(*) FILTER (WHERE is_recent AND p.label = f.label),
    count(*) FILTER (WHERE is_recent AND p.label <> f.label),
    count(*) FILTER (WHERE NOT is_recent AND p.label = f.label),
    count(*) FILTER (WHERE NOT is_recent AND p.label <> f.label)
FROM feedback AS f
JOIN batches AS b ON b.batch_id = f.batch_id
JOIN predictions AS p
    ON p.batch_id = f.batch_id
   AND p.document_id = f.document_id
   AND p.model_version = b.model_version
CROSS JOIN LATERAL (
    SELECT (f.given_at AT TIME ZONE 'UTC')::date > %(night)s - %(days)s::integer AS is_recent
) AS age
WHERE (f.given_at AT TIME ZONE 'UTC')::date <= %(night)s
GROUP BY 1, 2, 3, 4
HAVING bool_or(is_recent)
ORDER BY 1, 2, 3, 4
