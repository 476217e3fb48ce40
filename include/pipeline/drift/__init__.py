"""Watching what accounts send, and what models answer, for a change."""
