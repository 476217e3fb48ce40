"""A lane's circuit breaker, and which failures it counts."""
