"""Endpoints, serverless and on instances, and the runtime that invokes them."""
