"""A GPU left idle on the running stack, let go by the product, and woken."""
