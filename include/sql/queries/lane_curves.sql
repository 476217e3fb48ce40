SELECT curve, document_limits FROM lane_curves WHERE model_name = %(model_name)s ORDER BY lane, instance_type
