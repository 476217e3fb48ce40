SELECT transition_id, lane, from_state, to_state, reason, failure_rate, at
FROM lane_transitions
WHERE to_state = 'open' AND at > %(since)s
ORDER BY transition_id
