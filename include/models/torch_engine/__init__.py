"""The encoder in PyTorch: to be fine-tuned, and to be served on an NVIDIA card."""
