SELECT
    count(*) FILTER (WHERE deadline_met),
    count(*) FILTER (WHERE NOT deadline_met)
FROM batches
WHERE closed_at >= %(day)s::date::timestamp AT TIME ZONE 'UTC'
    AND closed_at < (%(day)s::date + 1)::timestamp AT TIME ZONE 'UTC'
