-- The formula of include/domain/fingerprints.py, done where the rows are.
SELECT
    count(*) AS row_count,
    coalesce(
        mod(sum(
            ('x' || encode(substr(sha256(convert_to(
                document_id || E'\x1f' || label || E'\x1f'
                || encode(float4send(score), 'hex') || E'\x1f' || model_version
                || coalesce(E'\x1f' || stage, '')
                || coalesce((
                    SELECT
                        string_agg(
                            E'\x1f' || head.key || E'\x1f' || (head.value ->> 'label') || E'\x1f'
                            || encode(float4send(
                                (head.value ->> 'score')::double precision::real
                            ), 'hex'),
                            '' ORDER BY head.key COLLATE "C"
                        )
                    FROM jsonb_each(heads) AS head
                ), ''),
                'UTF8'
            )), 1, 8), 'hex'))::bit(64)::bigint::numeric
        ), 18446744073709551616),
        0
    ) AS checksum
FROM predictions
WHERE batch_id = %(batch_id)s
