-- Batches whose deadline has passed, ended late or not ended, and no miss of which is noted.
SELECT batch_id, account_id, tier, submitted_at, deadline_at, state, closed_at, message
FROM batches
WHERE deadline_at < %(now)s
  AND deadline_at >= %(since)s
  AND deadline_met IS NOT TRUE
  AND NOT EXISTS (
      SELECT FROM sla_events
      WHERE sla_events.batch_id = batches.batch_id AND sla_events.kind = 'miss'
  )
ORDER BY deadline_at
