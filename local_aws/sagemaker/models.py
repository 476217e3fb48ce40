"""Models: an image, its artifact and its environment, under a name."""

from typing import Any

from local_aws.sagemaker.api.listing import page
from local_aws.sagemaker.api.protocol import Handler
from local_aws.sagemaker.clock import now_s
from local_aws.sagemaker.errors import not_implemented, validation_exception
from local_aws.sagemaker.platform import Platform
from local_aws.sagemaker.store import Record

KIND = "Model"


def find_model(platform: Platform, name: str) -> Record:
    """The model called ``name``.

    Raises:
        ApiError: ValidationException, in AWS's words.
    """
    record = platform.store.get(KIND, name)
    if record is None:
        arn = platform.settings.arn("model", name)
        raise validation_exception(f'Could not find model "{arn}".')
    return record


def primary_container(model: Record) -> dict[str, Any]:
    """The one container definition of a model."""
    container = model.request.get("PrimaryContainer") or model.request["Containers"][0]
    return dict(container)


class Models:
    """The operations on models."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    def handlers(self) -> dict[str, Handler]:
        """The operations this answers, by name."""
        return {
            "CreateModel": self.create,
            "DescribeModel": self.describe,
            "ListModels": self.list,
            "DeleteModel": self.delete,
        }

    async def create(self, request: dict[str, Any]) -> dict[str, Any]:
        """Record a model; its image must be known, its artifact is read when it is used."""
        name, platform = request["ModelName"], self._platform
        arn = platform.settings.arn("model", name)
        if platform.store.get(KIND, name) is not None:
            raise validation_exception(f'Cannot create already existing model "{arn}".')
        self._check(request)
        tags = request.pop("Tags", [])
        record = Record(KIND, name, arn, now_s(), request, {})
        platform.store.save(record)
        platform.store.add_tags(arn, tags)
        return {"ModelArn": arn}

    def _check(self, request: dict[str, Any]) -> None:
        containers = request.get("Containers", [])
        if len(containers) > 1:
            raise not_implemented("A model of several containers")
        container = request.get("PrimaryContainer") or (containers[0] if containers else None)
        if container is None:
            raise validation_exception("Either PrimaryContainer or Containers must be given.")
        if "Image" not in container:
            raise not_implemented("A container without an Image (a model package)")
        if container.get("Mode", "SingleModel") != "SingleModel":
            raise not_implemented("A multi-model container")
        if "ModelDataSource" in container:
            raise not_implemented("ModelDataSource")
        if self._platform.images.find(container["Image"]) is None:
            raise validation_exception(f"Requested image {container['Image']} not found.")

    async def describe(self, request: dict[str, Any]) -> dict[str, Any]:
        """A model as it was created."""
        record = find_model(self._platform, request["ModelName"])
        answer = {"EnableNetworkIsolation": False, **record.request}
        return {**answer, "ModelArn": record.arn, "CreationTime": record.created_s}

    async def list(self, request: dict[str, Any]) -> dict[str, Any]:
        """Summaries of the models that match."""
        chosen, token = page(self._platform.store.of_kind(KIND), request)
        models = [
            {"ModelName": record.name, "ModelArn": record.arn, "CreationTime": record.created_s}
            for record in chosen
        ]
        return {"Models": models, "NextToken": token}

    async def delete(self, request: dict[str, Any]) -> dict[str, Any]:
        """Forget a model; endpoints that run keep their containers."""
        self._platform.store.delete(find_model(self._platform, request["ModelName"]))
        return {}
