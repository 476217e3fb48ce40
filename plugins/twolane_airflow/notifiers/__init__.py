"""Alerts on their way to people: Slack, SNS, email.

Each is an Airflow notifier, hence fit for a callback too, a deadline's included. None renders
templates, as the providers' own notifiers do: an alert quotes messages of strangers, and a
template in one of them would be run.
"""
