-- Documents by what both versions said and, where the right label has come back, by who had it.
SELECT
    champion_label,
    challenger_label,
    coalesce(f.label = champion_label, FALSE) AS is_champion_right,
    coalesce(f.label = challenger_label, FALSE) AS is_challenger_right,
    f.label IS NOT NULL AS is_labelled,
    count(*)
FROM comparison_answers AS a
INNER JOIN comparison_batches AS b USING (comparison_id, batch_id)
LEFT JOIN feedback AS f USING (account_id, batch_id, document_id)
WHERE comparison_id = %(comparison_id)s
GROUP BY 1, 2, 3, 4, 5
