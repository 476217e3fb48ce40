INSERT INTO feedback_quarantine
    (upload_uri, content_digest, "row", account_id, reason, detail, excerpt)
VALUES (%(uri)s, %(digest)s, %(row)s, %(account_id)s, %(reason)s, %(detail)s, %(excerpt)s)
ON CONFLICT (upload_uri, content_digest, "row") DO NOTHING
