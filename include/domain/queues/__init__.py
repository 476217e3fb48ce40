"""Batches that arrive as messages: what a message asks for, and how patient a queue is with it."""
