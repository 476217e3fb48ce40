"""Asynchronous endpoints: a queue, instances that empty it, answers in S3."""
