-- The formula of include/domain/fingerprints.py, done where the rows are.
SELECT
    count(*) AS row_count,
    coalesce(
        mod(sum(
            ('x' || encode(substr(sha256(convert_to(
                document_id || E'\x1f' || label || E'\x1f'
                || encode(float4send(score), 'hex') || E'\x1f' || model_version
                || coalesce(E'\x1f' || stage, ''),
                'UTF8'
            )), 1, 8), 'hex'))::bit(64)::bigint::numeric
        ), 18446744073709551616),
        0
    ) AS checksum
FROM predictions
WHERE batch_id = %(batch_id)s
