UPDATE batches SET
    lane = %(lane)s,
    instance_type = %(instance_type)s,
    instance_count = %(instance_count)s,
    placement_reason = %(reason)s,
    placement_meets_deadline = %(meets_deadline)s,
    estimated_latency_s = %(latency_s)s,
    estimated_list_cost_usd = %(list_cost_usd)s,
    exploration_usd = %(exploration_usd)s
WHERE batch_id = %(batch_id)s
