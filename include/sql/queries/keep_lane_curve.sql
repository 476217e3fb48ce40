INSERT INTO lane_curves (lane, instance_type, model_name, curve)
VALUES (%(lane)s, %(instance_type)s, %(model_name)s, %(curve)s)
ON CONFLICT (model_name, lane, instance_type)
DO UPDATE SET curve = EXCLUDED.curve, fitted_at = now()
