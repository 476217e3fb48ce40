"""Alerts: what is noted, what is posted, what is still to be sent."""
