-- Where a day (UTC) stands, a row a figure: its name in CloudWatch, what it is told apart by, whose it
-- is, the figure. As the Costs page has them; of accounts and model versions the dearest twelve, for
-- each metric is charged for.
WITH spent AS (
    SELECT
        coalesce(nullif(lane, ''), kind) AS lane, coalesce(nullif(account_id, ''), 'none') AS account,
        coalesce(nullif(concat_ws('@', nullif(model_name, ''), nullif(model_version, '')), ''), 'none')
            AS version,
        list_nano_usd / 1e9 AS listed, waste_nano_usd / 1e9 AS wasted
    FROM daily_costs WHERE day = %(day)s
), bounds AS (
    SELECT
        %(day)s::date::timestamp AT TIME ZONE 'UTC' AS starts,
        (%(day)s::date + 1)::timestamp AT TIME ZONE 'UTC' AS ends
), submitted AS (
    SELECT model_name || '@' || model_version AS version, document_count
    FROM batches, bounds WHERE submitted_at >= starts AND submitted_at < ends
), closed AS (
    SELECT deadline_met FROM batches, bounds WHERE closed_at >= starts AND closed_at < ends
)
SELECT 'ListCostToday' AS name, 'Lane' AS dimension, lane AS whose, sum(listed)::double precision
    AS value
FROM spent GROUP BY lane
UNION ALL SELECT 'WasteToday', 'Lane', lane, sum(wasted) FROM spent GROUP BY lane
UNION ALL (
    SELECT 'ListCostToday', 'Account', account, sum(listed) FROM spent
    GROUP BY account ORDER BY 4 DESC, 3 LIMIT 12
)
UNION ALL (
    SELECT 'ListCostToday', 'ModelVersion', version, sum(listed) FROM spent
    GROUP BY version ORDER BY 4 DESC, 3 LIMIT 12
)
UNION ALL (
    SELECT 'DocumentsToday', 'ModelVersion', version, sum(document_count) FROM submitted
    GROUP BY version ORDER BY 4 DESC, 3 LIMIT 12
)
UNION ALL SELECT 'ListCostPerThousandToday', '', '', 1000 * (SELECT sum(listed) FROM spent)
    / nullif((SELECT sum(document_count) FROM submitted), 0)
UNION ALL SELECT 'DeadlinesMet', '', '', count(*) FILTER (WHERE deadline_met) FROM closed
UNION ALL SELECT 'DeadlinesMissed', '', '', count(*) FILTER (WHERE NOT deadline_met) FROM closed
UNION ALL SELECT 'BatchesAtRisk', '', '', count(DISTINCT batch_id)
FROM batches JOIN sla_events USING (batch_id)
WHERE state = 'running' AND kind = 'risk'
UNION ALL SELECT 'SpotInterruptionsToday', '', '', coalesce(sum(interruptions), 0)
FROM lane_observations, bounds WHERE lane = 'spot' AND seen_at >= starts AND seen_at < ends
UNION ALL SELECT 'IdleSavedToday', '', '', coalesce(sum(list_saved_usd), 0)
FROM savings, bounds WHERE at >= starts AND at < ends
