INSERT INTO savings (
    saving_id, resource_id, resource_kind, reason, action, instance_type, instances, since,
    saved_usd_per_hour, list_saved_usd, is_emulated, at, counts_until, counted_to, ended_at
) VALUES (
    %(saving_id)s, %(resource_id)s, %(resource_kind)s, %(reason)s, %(action)s, %(instance_type)s,
    %(instances)s, %(since)s, %(usd_per_hour)s, %(list_saved_usd)s, %(is_emulated)s, %(at)s,
    %(counts_until)s, %(counted_to)s, %(ended_at)s
)
ON CONFLICT (saving_id) DO UPDATE SET
    list_saved_usd = excluded.list_saved_usd,
    counted_to = excluded.counted_to,
    ended_at = excluded.ended_at
WHERE savings.ended_at IS NULL
