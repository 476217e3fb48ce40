"""Tests: unit, contract, dags, integration, e2e."""
