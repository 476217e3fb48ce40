-- Instances that were taken away because they did nothing, the latest first.
SELECT
    resource_id, resource_kind, reason, action, instance_type, instances, at, list_saved_usd,
    is_emulated, ended_at IS NULL
FROM savings
WHERE at >= %(first)s::date::timestamp AT TIME ZONE 'UTC'
    AND at < (%(last)s::date + 1)::timestamp AT TIME ZONE 'UTC'
ORDER BY at DESC
LIMIT %(limit)s
