UPDATE lane_curves
SET document_limits = %(limits)s
WHERE lane = %(lane)s AND instance_type = %(instance_type)s AND model_name = %(model_name)s
