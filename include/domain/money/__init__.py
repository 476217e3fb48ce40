"""Charges, prices, usage and budgets."""
