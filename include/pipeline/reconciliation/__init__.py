"""Proving that both stores hold what a batch gave, and repairing the one that does not."""
