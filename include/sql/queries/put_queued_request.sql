INSERT INTO queued_batches (
    queue_key, lane_class, account_id, batch_uri, submission_key,
    state, run_id, runs, message_id, lease_until
)
VALUES (
    %(queue_key)s, %(lane_class)s, %(account_id)s, %(batch_uri)s, %(submission_key)s,
    %(state)s, %(run_id)s, %(runs)s, %(message_id)s, now() + make_interval(secs => %(lease_s)s)
)
ON CONFLICT (queue_key) DO UPDATE SET
    lane_class = excluded.lane_class,
    account_id = excluded.account_id,
    batch_uri = excluded.batch_uri,
    submission_key = excluded.submission_key,
    state = excluded.state,
    run_id = excluded.run_id,
    runs = excluded.runs,
    failures = CASE WHEN queued_batches.state = 'refused' THEN 0 ELSE queued_batches.failures END,
    message_id = excluded.message_id,
    lease_until = excluded.lease_until,
    changed_at = now()
