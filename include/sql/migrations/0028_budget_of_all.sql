-- A budget over all accounts stands beside theirs, under a name that no account can have.

ALTER TABLE budgets DROP CONSTRAINT budgets_account_id_fkey;
ALTER TABLE budgets ADD COLUMN of_account text COLLATE "C"
    GENERATED ALWAYS AS (nullif(account_id, '*')) STORED REFERENCES accounts ON DELETE CASCADE;
COMMENT ON TABLE budgets IS 'One row an account that has a budget, the others may spend what they want; and one, ''*'', for all work of a day, that of no account included.';
COMMENT ON COLUMN budgets.of_account IS 'account_id; null for the budget of all.';
COMMENT ON TABLE budget_events IS 'Batches that a budget warned of or refused; account_id is the budget''s, ''*'' for that of all.';
