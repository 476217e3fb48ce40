"""Lanes: their breakers, their curves, and what their GPUs do."""
