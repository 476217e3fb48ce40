UPDATE lane_health SET
    state = %(state)s,
    since = %(since)s,
    counted_from = %(counted_from)s,
    pause_s = %(pause_s)s,
    half_opens_at = %(half_opens_at)s,
    probe_holder = %(probe_holder)s,
    probe_until = %(probe_until)s,
    reason = %(reason)s
WHERE lane = %(lane)s
