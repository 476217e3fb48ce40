-- What the time cost by account, by model version and by kind of charge, each a whole.
SELECT
    CASE
        WHEN grouping(account_id) = 0 THEN 'account'
        WHEN grouping(model_name) = 0 THEN 'model'
        ELSE 'kind'
    END AS facet,
    coalesce(account_id, CASE WHEN model_version = '' THEN model_name
        ELSE model_name || '@' || model_version END, kind) AS name,
    sum(list_cost_usd)::double precision AS list_cost_usd,
    sum(billed_cost_usd)::double precision AS billed_cost_usd,
    sum(waste_list_cost_usd)::double precision AS waste_list_cost_usd,
    bool_or(is_emulated) AS is_emulated
FROM daily_costs
WHERE day BETWEEN %(first)s AND %(last)s
GROUP BY GROUPING SETS ((account_id), (model_name, model_version), (kind))
ORDER BY 1, 3 DESC, 2
