"""The serverless lane: calls to an endpoint."""
