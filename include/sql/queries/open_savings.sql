SELECT
    resource_id, resource_kind, reason, action, instance_type, instances, since, at,
    saved_usd_per_hour, is_emulated, counts_until, counted_to, ended_at
FROM savings
WHERE ended_at IS NULL
ORDER BY at
