"""One pass for two models beside two passes."""
