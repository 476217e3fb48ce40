UPDATE comparisons
SET finding = %(finding)s, reason = %(reason)s, ended_at = %(at)s
WHERE comparison_id = %(comparison_id)s AND ended_at IS NULL
