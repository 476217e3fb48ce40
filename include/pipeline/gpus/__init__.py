"""Watching over instances: idle GPUs are let go, and what nobody owns is found."""
