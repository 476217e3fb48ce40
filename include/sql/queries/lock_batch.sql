-- Stands for a foreign key: the batch exists, and stays, until this transaction ends.
SELECT account_id FROM batches WHERE batch_id = %(batch_id)s FOR KEY SHARE
