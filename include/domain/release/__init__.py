"""What is decided about a model version: its candidates, its evaluation, its gates."""
