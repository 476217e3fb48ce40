DELETE FROM budgets WHERE account_id = %(account_id)s
