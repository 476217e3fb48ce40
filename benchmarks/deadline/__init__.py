"""A deadline put at risk on purpose: foreseen, acted on, met; beside the same batch left alone."""
