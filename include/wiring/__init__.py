"""The composition roots: settings in, use cases with their adapters out."""
