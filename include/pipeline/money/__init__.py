"""Use cases of money: the ledger beside the lanes, budgets."""
