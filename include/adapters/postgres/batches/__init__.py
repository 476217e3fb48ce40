"""Batches and what they gave: results, proofs, queued messages, deadlines."""
