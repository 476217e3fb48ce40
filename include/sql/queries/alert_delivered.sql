UPDATE alert_deliveries SET delivered_at = %(now)s, error = ''
WHERE alert_id = %(alert_id)s AND channel = %(channel)s
