-- The ledger by day, account, model, version, lane or kind of charge. Documents are those of the
-- batches submitted in the time; a kind of charge is over all of them.
WITH costs AS (
    SELECT
        CASE %(by)s::text
            WHEN 'day' THEN day::text
            WHEN 'account' THEN account_id
            WHEN 'model' THEN model_name
            WHEN 'version' THEN model_name || '@' || model_version
            WHEN 'lane' THEN lane
            ELSE kind
        END AS name,
        sum(charge_count)::bigint AS charge_count,
        sum(list_cost_usd) AS list_cost_usd,
        sum(billed_cost_usd) AS billed_cost_usd,
        sum(waste_list_cost_usd) AS waste_list_cost_usd,
        bool_or(is_emulated) AS is_emulated
    FROM daily_costs
    WHERE day BETWEEN %(first)s AND %(last)s
    GROUP BY 1
    HAVING sum(charge_count) > 0
), work AS (
    SELECT
        CASE %(by)s::text
            WHEN 'day' THEN (submitted_at AT TIME ZONE 'UTC')::date::text
            WHEN 'account' THEN account_id
            WHEN 'model' THEN model_name
            WHEN 'version' THEN model_name || '@' || model_version
            WHEN 'lane' THEN coalesce(lane, '')
            ELSE ''
        END AS name,
        sum(document_count)::bigint AS document_count
    FROM batches
    WHERE submitted_at >= %(first)s::date::timestamp AT TIME ZONE 'UTC'
        AND submitted_at < (%(last)s::date + 1)::timestamp AT TIME ZONE 'UTC'
    GROUP BY 1
)
SELECT
    costs.name, charge_count, list_cost_usd, billed_cost_usd, waste_list_cost_usd, is_emulated,
    coalesce(document_count, 0)
FROM costs
LEFT JOIN work ON work.name = CASE %(by)s::text WHEN 'kind' THEN '' ELSE costs.name END
ORDER BY 1
