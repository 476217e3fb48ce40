-- What a person should hear of: of each kind how many alerts there were, how often what they tell of
-- was seen, and the latest. Where an alert is about something that stays, each such thing by itself.
SELECT kind, about, title, detail, next_step, last_at, alert_count, seen_count
FROM (
    SELECT
        kind, about, title, detail, next_step, last_at,
        count(*) OVER same AS alert_count,
        (sum(times) OVER same)::bigint AS seen_count,
        row_number() OVER (PARTITION BY kind, about ORDER BY last_at DESC, alert_id DESC) AS place
    FROM (
        SELECT
            *,
            CASE
                WHEN kind IN (
                    'run_late', 'run_failed', 'queue_depth', 'queue_age', 'curve_moved',
                    'champion_unsettled', 'drift_unread'
                ) THEN subject
                ELSE ''
            END AS about
        FROM alerts
        WHERE last_at >= %(first)s::date::timestamp AT TIME ZONE 'UTC'
            AND last_at < (%(last)s::date + 1)::timestamp AT TIME ZONE 'UTC'
    ) AS seen
    WINDOW same AS (PARTITION BY kind, about)
) AS ranked
WHERE place = 1
ORDER BY last_at DESC
