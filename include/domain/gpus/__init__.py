"""GPUs that do nothing: how that is told, and what is saved by taking them away."""
