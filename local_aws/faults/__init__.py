"""Faults on purpose: what a scenario file says, and what has been hit so far.

``python -m local_aws.faults apply FILE | status | clear`` talks to a running service.
"""
