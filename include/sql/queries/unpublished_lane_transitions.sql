SELECT transition_id, lane, from_state, to_state, reason, failure_rate, at
FROM lane_transitions WHERE published_at IS NULL
ORDER BY transition_id
