"""`make chaos`: kill what a batch depends on, at every step, and count what is left afterwards."""
