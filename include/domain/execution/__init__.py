"""How a batch's work is dealt out and run: jobs, packing, pacing, the size of requests."""
