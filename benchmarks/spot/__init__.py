"""The spot policy against its rivals on real and synthetic availability (`make bench-spot`)."""
