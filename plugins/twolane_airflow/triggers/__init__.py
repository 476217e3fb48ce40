"""Triggers. They live beside the operators since the triggerer loads no DAG bundle."""
