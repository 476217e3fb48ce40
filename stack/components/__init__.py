"""The servers of the stack, one module each."""
