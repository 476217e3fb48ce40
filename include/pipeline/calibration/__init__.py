"""Lanes are measured by probes: batches of our own making, which no account is answered."""
