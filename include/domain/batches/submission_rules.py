"""What a submission may look like, however it arrives: form, REST or message."""

from __future__ import annotations

BATCH_URI_PATTERN = r"^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/.+$"
JOINED_URI_PATTERN = r"^s3://.+/.+$"
ACCOUNT_PATTERN = r"^[a-z0-9][a-z0-9._-]{0,62}$"
MODEL_ALIAS_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$"
DEFAULT_MODEL_ALIAS = "champion"
MODEL_NAME_PATTERN = r"^(?=.{1,32}$)[a-z0-9]+(-[a-z0-9]+)*$"
"""Of registered models: the names of jobs and endpoints, 63 characters at the most, hold them."""
MAX_DEADLINE_MINUTES = 7 * 24 * 60
MAX_SUBMISSION_CHARACTERS = 200
_DATE, _TIME, _OFFSET = (
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}",
    r"[0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]+)?)?",
    r"(Z|[+-][0-9]{2}:[0-9]{2})",
)
SUBMITTED_AT_PATTERN = f"^{_DATE}T{_TIME}{_OFFSET}$"
"""ISO 8601 with an offset."""
