INSERT INTO lane_health (
    lane, state, since, counted_from, pause_s, half_opens_at, probe_holder, probe_until, reason
) VALUES (%(lane)s, 'closed', %(now)s, %(now)s, 0, NULL, '', NULL, '')
ON CONFLICT (lane) DO NOTHING
