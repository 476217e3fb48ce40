UPDATE comparisons SET evidence_uri = %(evidence_uri)s WHERE comparison_id = %(comparison_id)s
