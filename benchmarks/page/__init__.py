"""The page's queries on a ledger of a million rows."""
