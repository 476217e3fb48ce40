-- With what was sent of them.
DELETE FROM alerts WHERE last_at < %(before)s
