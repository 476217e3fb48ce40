"""CloudWatch: what it knows of GPUs and memory, what we tell it, and the alarms we set."""
