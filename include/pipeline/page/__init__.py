"""The page: what was spent, what is late, what stands idle."""
