"""The spot lane: managed spot training jobs that infer, under a deadline."""
