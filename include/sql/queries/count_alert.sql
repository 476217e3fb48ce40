UPDATE alerts
SET times = times + (%(at)s > last_at)::int, last_at = greatest(last_at, %(at)s)
WHERE alert_id = (
    SELECT alert_id FROM alerts
    WHERE kind = %(kind)s AND subject = %(subject)s AND last_at > %(quiet_since)s
    ORDER BY last_at DESC
    LIMIT 1
)
