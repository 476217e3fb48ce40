-- The champion of each model: since when, by whom, and what it did in the time.
SELECT
    p.model_name, p.to_version, p.kind, p.decided_by, p.at, coalesce(w.document_count, 0)
FROM (
    SELECT DISTINCT ON (model_name) model_name, to_version, kind, decided_by, at
    FROM model_promotions
    ORDER BY model_name, promotion_id DESC
) AS p
LEFT JOIN (
    SELECT model_name, model_version, sum(document_count)::bigint AS document_count
    FROM batches
    WHERE submitted_at >= %(first)s::date::timestamp AT TIME ZONE 'UTC'
        AND submitted_at < (%(last)s::date + 1)::timestamp AT TIME ZONE 'UTC'
    GROUP BY 1, 2
) AS w ON w.model_name = p.model_name AND w.model_version = p.to_version
ORDER BY 1
