"""One path for two services of the JSON protocol, told apart by the target's prefix."""

from collections.abc import Mapping

from aiohttp import web

from local_aws.sagemaker.api.protocol import ControlPlane


class Services:
    """Hands a request to the control plane its X-Amz-Target names.

    Args:
        by_prefix: control planes by target prefix, such as ``SageMaker``.
        default: answers what has no known prefix.
    """

    def __init__(self, by_prefix: Mapping[str, ControlPlane], default: ControlPlane) -> None:
        self._by_prefix = dict(by_prefix)
        self._default = default

    async def handle(self, request: web.Request) -> web.Response:
        """Answer one HTTP request."""
        prefix = request.headers.get("X-Amz-Target", "").partition(".")[0]
        return await self._by_prefix.get(prefix, self._default).handle(request)
