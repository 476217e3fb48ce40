"""Readers of files that people edit: prices, the release policy, scenarios of what-if."""
