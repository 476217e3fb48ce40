INSERT INTO lane_observations
    (observation_id, lane, instance_type, model_name, tokens, documents, instances, started,
     latency_s, billed_s, is_failed, interruptions, held_s, seen_at)
VALUES
    (%(observation_id)s, %(lane)s, %(instance_type)s, %(model_name)s, %(tokens)s, %(documents)s,
     %(instances)s, %(started)s, %(latency_s)s, %(billed_s)s, %(is_failed)s, %(interruptions)s,
     %(held_s)s, %(seen_at)s)
ON CONFLICT (observation_id) DO NOTHING
