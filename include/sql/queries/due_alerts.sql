SELECT
    a.alert_id, a.kind, a.subject, a.title, a.detail, a.next_step, a.at, a.batch_id,
    coalesce(b.run_id, '')
FROM alerts AS a
LEFT JOIN batches AS b ON b.batch_id = a.batch_id
LEFT JOIN alert_deliveries AS d ON d.alert_id = a.alert_id AND d.channel = %(channel)s
WHERE a.kind = ANY(%(kinds)s)
  AND a.last_at > %(since)s
  AND (
      d.alert_id IS NULL
      OR (d.delivered_at IS NULL AND d.next_try_at <= %(now)s AND d.attempts < %(max_attempts)s)
  )
ORDER BY a.alert_id
LIMIT %(limit)s
