"""What is decided about a model's champion: its aliases, its history, what is retired."""
