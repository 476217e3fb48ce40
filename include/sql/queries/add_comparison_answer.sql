INSERT INTO comparison_answers (
    comparison_id, batch_id, document_id, champion_label, champion_score,
    challenger_label, challenger_score
) VALUES (
    %(comparison_id)s, %(batch_id)s, %(document_id)s, %(champion_label)s, %(champion_score)s,
    %(challenger_label)s, %(challenger_score)s
)
