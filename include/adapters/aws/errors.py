"""Reading botocore's errors."""

from __future__ import annotations

from botocore.exceptions import BotoCoreError, ClientError

AwsError = (ClientError, BotoCoreError)
"""What a client may raise: the service's refusal, or a failure to reach it."""


def error_code(exc: Exception) -> str:
    """Return the service's error code, or the exception's class name where it never answered."""
    if isinstance(exc, ClientError):
        return str(exc.response.get("Error", {}).get("Code", ""))
    return type(exc).__name__


def error_message(exc: Exception) -> str:
    """Return the service's own words."""
    if isinstance(exc, ClientError):
        return str(exc.response.get("Error", {}).get("Message", "")) or str(exc)
    return str(exc)


def explain(exc: Exception) -> str:
    """Return code and message, as one clause for a person."""
    return f"{error_code(exc)}: {error_message(exc)}"
