-- What the watch for alerts reads every minute, and would else look for in all that ever happened.

CREATE INDEX alerts_by_last_time ON alerts (last_at);
CREATE INDEX queued_batches_refused ON queued_batches (changed_at) WHERE state = 'refused';
CREATE INDEX budget_events_by_time ON budget_events (at);
CREATE INDEX lane_transitions_opened ON lane_transitions (at) WHERE to_state = 'open';
