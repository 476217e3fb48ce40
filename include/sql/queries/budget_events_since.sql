SELECT
    account_id,
    day,
    standing,
    count(*),
    max(at),
    (array_agg(reason ORDER BY at DESC))[1],
    (array_agg(batch_id ORDER BY at DESC))[1]
FROM budget_events
WHERE at > %(since)s
GROUP BY account_id, day, standing
ORDER BY day, account_id, standing
