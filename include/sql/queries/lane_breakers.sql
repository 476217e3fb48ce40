SELECT lane, state, since, counted_from, pause_s, half_opens_at, probe_holder, probe_until, reason
FROM lane_health
