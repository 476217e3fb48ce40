-- The champion of each model, and the challenger of a comparison that runs: since when, by whom, and
-- what it answered in the time; a challenger also beside the champion.
WITH answered AS (
    SELECT model_name, model_version, sum(document_count)::bigint AS document_count
    FROM batches
    WHERE submitted_at >= %(first)s::date::timestamp AT TIME ZONE 'UTC'
        AND submitted_at < (%(last)s::date + 1)::timestamp AT TIME ZONE 'UTC'
    GROUP BY 1, 2
), champions AS (
    SELECT DISTINCT ON (model_name) model_name, to_version AS version, kind, decided_by, at
    FROM model_promotions
    ORDER BY model_name, promotion_id DESC
), challengers AS (
    SELECT
        c.model_name, c.challenger_version AS version, c.kind, c.started_by, c.started_at,
        coalesce(sum(b.scored_count) FILTER (WHERE b.served_version <> c.challenger_version), 0)
            AS scored_count
    FROM comparisons AS c
    LEFT JOIN comparison_batches AS b ON b.comparison_id = c.comparison_id
        AND b.scored_at >= %(first)s::date::timestamp AT TIME ZONE 'UTC'
        AND b.scored_at < (%(last)s::date + 1)::timestamp AT TIME ZONE 'UTC'
    WHERE c.ended_at IS NULL
    GROUP BY c.comparison_id
)
SELECT
    s.model_name, s.version, s.role, s.kind, s.decided_by, s.at,
    (coalesce(a.document_count, 0) + s.beside)::bigint
FROM (
    SELECT model_name, version, 'champion' AS role, kind, decided_by, at, 0 AS beside FROM champions
    UNION ALL
    SELECT model_name, version, 'challenger', kind, started_by, started_at, scored_count
    FROM challengers
) AS s
LEFT JOIN answered AS a ON a.model_name = s.model_name AND a.model_version = s.version
ORDER BY 1, 3, 2
