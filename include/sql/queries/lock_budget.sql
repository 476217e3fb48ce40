SELECT daily_usd, warn_share FROM budgets WHERE account_id = %(account_id)s FOR UPDATE
