"""The whole pipeline, manifest to both stores, against the engine alone: `make bench-pipeline`."""
