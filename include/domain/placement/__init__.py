"""The router: which lane a batch runs on, at what cost, and why no other."""
