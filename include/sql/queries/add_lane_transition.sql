INSERT INTO lane_transitions (lane, from_state, to_state, reason, failure_rate, at)
VALUES (%(lane)s, %(from_state)s, %(to_state)s, %(reason)s, %(failure_rate)s, %(at)s)
