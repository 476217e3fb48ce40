SELECT lane, instance_type, model_name FROM lane_curves ORDER BY model_name, lane, instance_type
