INSERT INTO accounts (account_id, tier) VALUES (%(account_id)s, %(tier)s)
ON CONFLICT (account_id) DO UPDATE SET tier = excluded.tier
