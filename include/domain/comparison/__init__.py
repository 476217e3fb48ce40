"""A challenger beside the champion on live work, and when the answer is sure."""
