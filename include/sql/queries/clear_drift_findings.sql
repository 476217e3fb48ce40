DELETE FROM drift_findings WHERE night = %(night)s
