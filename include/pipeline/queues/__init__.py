"""Batches that come by a queue: admitted, kept until they have committed, let go."""
