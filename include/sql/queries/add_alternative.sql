INSERT INTO placement_alternatives
    (batch_id, lane, latency_s, list_cost_usd, refusal, miss_probability, doubt_usd, observations)
VALUES
    (%(batch_id)s, %(lane)s, %(latency_s)s, %(list_cost_usd)s, %(refusal)s, %(miss_probability)s,
     %(doubt_usd)s, %(observations)s)
