"""Classifiers that were fine-tuned elsewhere, imported, and asked beside transformers itself."""
