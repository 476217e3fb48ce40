"""What the README claims, measured. `make bench` runs all; results go to `benchmarks/results/`."""
