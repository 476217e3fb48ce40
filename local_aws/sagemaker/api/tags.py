"""Tags of any resource, by its ARN."""

from typing import Any

from local_aws.sagemaker.api.protocol import Handler
from local_aws.sagemaker.platform import Platform


class Tags:
    """The operations on tags; they are kept and listed, nothing else depends on them."""

    def __init__(self, platform: Platform) -> None:
        self._store = platform.store

    def handlers(self) -> dict[str, Handler]:
        """The operations this answers, by name."""
        return {"AddTags": self.add, "ListTags": self.list, "DeleteTags": self.delete}

    async def add(self, request: dict[str, Any]) -> dict[str, Any]:
        """Add or overwrite tags."""
        self._store.add_tags(request["ResourceArn"], request["Tags"])
        return {"Tags": self._store.tags(request["ResourceArn"])}

    async def list(self, request: dict[str, Any]) -> dict[str, Any]:
        """All tags of a resource, in one page."""
        return {"Tags": self._store.tags(request["ResourceArn"])}

    async def delete(self, request: dict[str, Any]) -> dict[str, Any]:
        """Remove tags by key."""
        self._store.remove_tags(request["ResourceArn"], request["TagKeys"])
        return {}
