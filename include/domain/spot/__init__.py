"""Spot capacity under a deadline: what is known, what is remembered, what to do next."""
