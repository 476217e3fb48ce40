"""Pages of Application Auto Scaling's lists."""

from typing import Any

from local_aws.sagemaker.errors import ApiError

_MAX_RESULTS = 50


def page(member: str, items: list[dict[str, Any]], request: dict[str, Any]) -> dict[str, Any]:
    """One page of ``items`` under ``member``; the token is the next item's place.

    Raises:
        ApiError: InvalidNextTokenException.
    """
    token = request.get("NextToken", "0")
    if not token.isdigit():
        raise ApiError("InvalidNextTokenException", "The next token is invalid.")
    start = int(token)
    end = start + min(request.get("MaxResults", _MAX_RESULTS), _MAX_RESULTS)
    answer: dict[str, Any] = {member: items[start:end]}
    if end < len(items):
        answer["NextToken"] = str(end)
    return answer
