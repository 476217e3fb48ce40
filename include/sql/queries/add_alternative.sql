INSERT INTO placement_alternatives (batch_id, lane, latency_s, list_cost_usd, refusal)
VALUES (%(batch_id)s, %(lane)s, %(latency_s)s, %(list_cost_usd)s, %(refusal)s)
