SELECT account_id, model_name, model_version, model_digest, night, sketch
FROM (
    SELECT d.*, dense_rank() OVER (
               PARTITION BY account_id, model_name, model_version, model_digest ORDER BY night
           ) AS nth
    FROM drift_profiles AS d
    WHERE d.night <= %(night)s
      AND d.documents > 0
      AND (account_id, model_name, model_version, model_digest) IN (
          SELECT account_id, model_name, model_version, model_digest
          FROM drift_profiles WHERE night = %(night)s AND documents > 0
      )
) AS ranked
WHERE nth <= %(first_nights)s OR night > %(night)s - %(window_days)s::integer
ORDER BY account_id, model_name, model_version, model_digest, night, batch_id
