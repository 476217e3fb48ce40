"""Jobs of every kind through their states, and processing jobs."""
