"""Training jobs, managed spot included."""
