"""Deadlines of running batches are watched."""
