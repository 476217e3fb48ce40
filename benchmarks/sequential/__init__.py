"""The sequential test of comparisons, simulated."""
