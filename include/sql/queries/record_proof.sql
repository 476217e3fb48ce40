INSERT INTO reconciliations (
    batch_id, proved_at, scope, expected_count, checksum, repaired_shards, is_consistent, finding
) VALUES (
    %(batch_id)s, %(proved_at)s, %(scope)s, %(expected_count)s, %(checksum)s,
    %(repaired_shards)s, %(is_consistent)s, %(finding)s
)
