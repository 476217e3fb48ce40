"""What is decided about a model version: its gates, its aliases, its rivals."""
