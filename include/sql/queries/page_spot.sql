-- Batches on spot: how often they were interrupted, and what became of those that were.
SELECT
    count(*) AS batch_count,
    coalesce(sum(o.interruptions), 0)::bigint AS interruption_count,
    count(*) FILTER (WHERE o.interruptions > 0) AS interrupted_count,
    count(*) FILTER (WHERE o.interruptions > 0 AND b.state = 'succeeded') AS survived_count,
    count(*) FILTER (WHERE o.interruptions > 0 AND b.deadline_met) AS in_time_count,
    coalesce(sum(o.held_s), 0) / 3600 AS held_h
FROM lane_observations AS o
JOIN batches AS b ON b.batch_id = left(o.observation_id, -length('/spot'))
WHERE o.lane = 'spot'
    AND o.seen_at >= %(first)s::date::timestamp AT TIME ZONE 'UTC'
    AND o.seen_at < (%(last)s::date + 1)::timestamp AT TIME ZONE 'UTC'
