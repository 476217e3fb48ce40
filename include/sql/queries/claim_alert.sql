INSERT INTO alert_deliveries AS d (alert_id, channel, attempts, next_try_at)
VALUES (%(alert_id)s, %(channel)s, 1, %(now)s::timestamptz + %(pause)s)
ON CONFLICT (alert_id, channel) DO UPDATE SET
    attempts = d.attempts + 1,
    next_try_at = %(now)s::timestamptz + %(pause)s * power(2, d.attempts)
WHERE d.delivered_at IS NULL AND d.next_try_at <= %(now)s
