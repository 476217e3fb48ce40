SELECT state, since, counted_from, pause_s, half_opens_at, probe_holder, probe_until, reason
FROM lane_health WHERE lane = %(lane)s FOR UPDATE
