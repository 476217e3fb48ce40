"""Faults on request: of the API, of containers, of spot capacity, of metrics."""
