-- Every figure of the page from the tables that the product writes, without its rollups, views and
-- queries: %(first)s to %(last)s, UTC.
WITH charged AS (
    SELECT
        (c.charge_period_start AT TIME ZONE 'UTC')::date AS day, c.x_lane AS lane,
        c.sub_account_id AS account, b.model_name || '@' || b.model_version AS model,
        'instance_time' AS kind, round(c.list_cost::numeric, 9) AS listed,
        round(c.billed_cost::numeric, 9) AS billed, round(c.x_waste_list_cost::numeric, 9) AS waste
    FROM charges AS c JOIN batches AS b ON b.batch_id = c.x_batch_id
    UNION ALL
    SELECT
        (u.charge_period_start AT TIME ZONE 'UTC')::date, coalesce(u.x_lane, ''),
        coalesce(u.sub_account_id, ''),
        coalesce(u.x_model_name, '') || coalesce('@' || nullif(u.x_model_version, ''), ''),
        u.x_kind, round(u.list_cost::numeric, 9), round(u.billed_cost::numeric, 9),
        round(u.x_waste_list_cost::numeric, 9)
    FROM usage_charges AS u
), spent AS (
    SELECT * FROM charged WHERE day BETWEEN %(first)s::date AND %(last)s::date
), submitted AS (
    SELECT * FROM batches
    WHERE (submitted_at AT TIME ZONE 'UTC')::date BETWEEN %(first)s::date AND %(last)s::date
), foreseen AS (
    SELECT e.*, b.deadline_met FROM sla_events AS e JOIN batches AS b USING (batch_id)
    WHERE e.kind = 'risk'
        AND (e.at AT TIME ZONE 'UTC')::date BETWEEN %(first)s::date AND %(last)s::date
), on_spot AS (
    SELECT o.*, b.state, b.deadline_met
    FROM lane_observations AS o JOIN batches AS b ON o.observation_id = b.batch_id || '/spot'
    WHERE (o.seen_at AT TIME ZONE 'UTC')::date BETWEEN %(first)s::date AND %(last)s::date
), alerted AS (
    SELECT
        kind || CASE WHEN kind ~ '^(run_(late|failed)|queue_.*|curve_moved|champion_unsettled|drift_unread)$' THEN '/' || subject ELSE '' END
            AS line,
        times
    FROM alerts
    WHERE (last_at AT TIME ZONE 'UTC')::date BETWEEN %(first)s::date AND %(last)s::date
)
SELECT 'list_cost_usd' AS name, coalesce(sum(listed), 0)::double precision AS value FROM spent
UNION ALL SELECT 'billed_cost_usd', coalesce(sum(billed), 0) FROM spent
UNION ALL SELECT 'waste_list_cost_usd', coalesce(sum(waste), 0) FROM spent
UNION ALL SELECT 'idle_list_cost_usd', coalesce(sum(waste), 0) FROM spent WHERE kind = 'endpoint_time'
UNION ALL SELECT 'warm_list_cost_usd', coalesce(sum(waste), 0) FROM spent
    WHERE kind = 'provisioned_concurrency'
UNION ALL SELECT 'failed_list_cost_usd', coalesce(sum(waste), 0) FROM spent
    WHERE kind IN ('training', 'evaluation', 'comparison')
UNION ALL SELECT 'probes_list_cost_usd', coalesce(sum(waste), 0) FROM spent
    WHERE kind = 'calibration'
UNION ALL SELECT 'per_thousand_usd', (SELECT 1000 * sum(listed) FROM spent)
    / (SELECT nullif(sum(document_count), 0) FROM submitted)
UNION ALL SELECT 'documents', coalesce(sum(document_count), 0) FROM submitted
UNION ALL SELECT 'batches', count(*) FROM submitted
UNION ALL SELECT 'met', count(*) FROM submitted WHERE deadline_met
UNION ALL SELECT 'missed', count(*) FROM submitted WHERE NOT deadline_met
UNION ALL SELECT 'missed_deadlines', count(*) FROM submitted WHERE NOT deadline_met
UNION ALL SELECT 'failed', count(*) FROM submitted WHERE state = 'failed'
UNION ALL SELECT 'running', count(*) FROM submitted WHERE state = 'running'
UNION ALL SELECT 'attainment', avg(deadline_met::integer) FROM submitted
UNION ALL SELECT 'day/' || day || '/' || lane, sum(listed) FROM spent GROUP BY day, lane
UNION ALL SELECT 'lane/' || lane, sum(listed) FROM spent GROUP BY lane
UNION ALL SELECT 'account/' || account, sum(listed) FROM spent GROUP BY account
UNION ALL SELECT 'model/' || model, sum(listed) FROM spent GROUP BY model
UNION ALL SELECT 'waste/' || reason.key, sum(round(reason.value::text::numeric, 9))
    FROM charges CROSS JOIN LATERAL jsonb_each(x_waste) AS reason
    WHERE (charge_period_start AT TIME ZONE 'UTC')::date BETWEEN %(first)s::date AND %(last)s::date
    GROUP BY reason.key
UNION ALL SELECT 'list_saved_usd', sum(list_saved_usd) FROM savings
    WHERE (at AT TIME ZONE 'UTC')::date BETWEEN %(first)s::date AND %(last)s::date
UNION ALL SELECT 'queue/' || lane_class || '/' || state, count(*) FROM queued_batches
    WHERE state IN ('running', 'failed', 'waiting')
        OR (received_at AT TIME ZONE 'UTC')::date BETWEEN %(first)s::date AND %(last)s::date
    GROUP BY lane_class, state
UNION ALL SELECT 'spot/batches', count(*) FROM on_spot
UNION ALL SELECT 'spot/held_h', sum(held_s) / 3600 FROM on_spot
UNION ALL SELECT 'spot/interruptions', sum(interruptions) FROM on_spot
UNION ALL SELECT 'spot/interrupted', count(*) FROM on_spot WHERE interruptions > 0
UNION ALL SELECT 'spot/survived', count(*) FROM on_spot
    WHERE interruptions > 0 AND state = 'succeeded'
UNION ALL SELECT 'spot/in_time', count(*) FROM on_spot WHERE interruptions > 0 AND deadline_met
UNION ALL SELECT 'alert/' || line, count(*) FROM alerted GROUP BY line
UNION ALL SELECT 'seen/' || line, sum(times) FROM alerted GROUP BY line
UNION ALL SELECT 'risk/batches', count(DISTINCT batch_id) FROM foreseen
UNION ALL SELECT 'risk/acted', count(DISTINCT batch_id) FROM foreseen WHERE action <> ''
UNION ALL SELECT 'risk/met', count(DISTINCT batch_id) FROM foreseen WHERE deadline_met
UNION ALL SELECT 'risk/missed', count(DISTINCT batch_id) FROM foreseen WHERE NOT deadline_met
UNION ALL SELECT 'late/' || stage, count(*) FROM sla_events
    WHERE kind = 'miss'
        AND (at AT TIME ZONE 'UTC')::date BETWEEN %(first)s::date AND %(last)s::date
    GROUP BY stage
UNION ALL SELECT 'week/' || monday || '/' || tier, avg(coalesce(deadline_met, false)::integer)
    FROM (
        SELECT *, day - (extract(isodow FROM day)::integer - 1) AS monday
        FROM (SELECT *, (submitted_at AT TIME ZONE 'UTC')::date AS day FROM batches) AS dated
    ) AS by_week
    WHERE monday + 6 >= %(first)s::date AND day <= %(last)s::date
        AND (state <> 'running' OR deadline_at < now())
    GROUP BY monday, tier
UNION ALL SELECT 'champion/' || m.model_name || '@' || m.to_version, (
        SELECT coalesce(sum(document_count), 0) FROM submitted AS s
        WHERE (s.model_name, s.model_version) = (m.model_name, m.to_version)
    )
    FROM model_promotions AS m WHERE m.promotion_id = (
        SELECT max(promotion_id) FROM model_promotions AS l WHERE l.model_name = m.model_name
    )
UNION ALL SELECT 'challenger/' || c.model_name || '@' || c.challenger_version, (
        SELECT coalesce(sum(document_count), 0) FROM submitted AS s
        WHERE (s.model_name, s.model_version) = (c.model_name, c.challenger_version)
    ) + (
        SELECT count(*) FROM comparison_answers JOIN comparison_batches AS b
            USING (comparison_id, batch_id)
        WHERE comparison_id = c.comparison_id AND b.served_version <> c.challenger_version
            AND (b.scored_at AT TIME ZONE 'UTC')::date BETWEEN %(first)s::date AND %(last)s::date
    )
    FROM comparisons AS c WHERE c.finding IS NULL
