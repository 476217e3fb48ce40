"""Text that can be written as UTF-8. Pure."""

from __future__ import annotations


def is_encodable(text: str) -> bool:
    """False where half a surrogate pair stands in the text, as a JSON escape may leave it."""
    try:
        text.encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True
