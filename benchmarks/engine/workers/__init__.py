"""One module a contender; each is imported in its own environment alone."""
