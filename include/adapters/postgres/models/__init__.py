"""Models: promotions, comparisons, drift, and the labels that come back."""
