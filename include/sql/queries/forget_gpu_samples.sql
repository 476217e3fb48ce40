DELETE FROM gpu_samples WHERE at < %(before)s
