-- Misses that were foreseen in the time, by what became of them.
SELECT
    count(*) AS batch_count,
    count(*) FILTER (WHERE r.is_acted) AS acted_count,
    count(*) FILTER (WHERE b.deadline_met) AS met_count,
    count(*) FILTER (WHERE NOT b.deadline_met) AS missed_count
FROM (
    SELECT batch_id, bool_or(action <> '') AS is_acted
    FROM sla_events
    WHERE kind = 'risk' AND at >= %(first)s::date::timestamp AT TIME ZONE 'UTC'
        AND at < (%(last)s::date + 1)::timestamp AT TIME ZONE 'UTC'
    GROUP BY 1
) AS r
JOIN batches AS b ON b.batch_id = r.batch_id
