UPDATE alert_deliveries SET error = %(error)s
WHERE alert_id = %(alert_id)s AND channel = %(channel)s AND delivered_at IS NULL
