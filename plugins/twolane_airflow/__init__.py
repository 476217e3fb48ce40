"""Airflow-aware shells over the use cases: parse arguments, call one use case, push a reference."""
