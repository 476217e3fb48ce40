"""The composition of the life of a model."""
