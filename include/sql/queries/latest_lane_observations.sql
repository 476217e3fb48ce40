SELECT
    observation_id, tokens, documents, instances, started, latency_s, billed_s, is_failed,
    interruptions, held_s, seen_at
FROM lane_observations
WHERE lane = %(lane)s AND instance_type = %(instance_type)s AND model_name = %(model_name)s
    AND (%(before)s::timestamptz IS NULL OR seen_at < %(before)s)
ORDER BY seen_at DESC, observation_id
LIMIT %(limit)s
