"""The torch image's engine on an NVIDIA card, beside sentence-transformers on the same card."""
