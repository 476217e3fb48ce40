INSERT INTO drift_findings
    (night, account_id, model_name, model_version, feature, window_days, compared_with, documents,
     reference_documents, effect, p_value, adjusted_p_value, level, note, report_uri)
VALUES
    (%(night)s, %(account_id)s, %(model_name)s, %(model_version)s, %(feature)s, %(window_days)s,
     %(compared_with)s, %(documents)s, %(reference_documents)s, %(effect)s, %(p_value)s,
     %(adjusted_p_value)s, %(level)s, %(note)s, %(report_uri)s)
