"""The asynchronous lane: requests to an endpoint that scales from zero."""
