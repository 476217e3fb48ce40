SELECT account_id, tier FROM accounts WHERE account_id = %(account_id)s
