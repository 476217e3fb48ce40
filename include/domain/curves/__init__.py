"""What lanes are believed to do, learned from what batches took on them."""
