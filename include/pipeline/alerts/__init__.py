"""Alerts: watchers post them, and each is sent once a channel."""
