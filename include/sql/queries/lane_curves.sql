SELECT curve FROM lane_curves WHERE model_name = %(model_name)s ORDER BY lane, instance_type
