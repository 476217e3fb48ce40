"""Service levels: what is promised, whether it will be kept, and what can still be done."""
