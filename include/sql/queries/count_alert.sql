-- Find the alert that goes on, and count it where it was seen anew: what the watches look at again
-- each minute is a read, and writes nothing.
WITH same AS (
    SELECT alert_id, last_at FROM alerts
    WHERE kind = %(kind)s AND subject = %(subject)s AND last_at > %(quiet_since)s
    ORDER BY last_at DESC
    LIMIT 1
),
counted AS (
    UPDATE alerts SET times = times + 1, last_at = %(at)s
    WHERE alert_id = (SELECT alert_id FROM same WHERE last_at < %(at)s)
)
SELECT alert_id FROM same
