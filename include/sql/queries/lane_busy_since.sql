SELECT min(submitted_at) FROM batches WHERE state = 'running' AND lane = %(lane)s
