UPDATE lane_transitions SET published_at = %(at)s
WHERE transition_id = %(transition_id)s AND published_at IS NULL
