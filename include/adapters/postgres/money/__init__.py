"""Charges, budgets, and the figures of the Costs page."""
