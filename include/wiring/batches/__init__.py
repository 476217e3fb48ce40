"""The composition of the batches, from what is submitted to what is loaded."""
