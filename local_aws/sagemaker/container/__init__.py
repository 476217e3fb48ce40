"""Containers as subprocesses: what they see, how they run, which program is which image."""
