"""Whether what an account sends, and what a model answers, is still what it was."""
