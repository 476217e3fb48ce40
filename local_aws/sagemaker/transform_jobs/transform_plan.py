"""How one transform job cuts, sends and joins records: request, defaults and limits."""

import dataclasses
from typing import Any

from local_aws.sagemaker.errors import not_implemented, validation_exception

_MIB = 1 << 20
_MAX_PAYLOAD_MB = 100
_DEFAULT_PAYLOAD_MB = 6
_DEFAULT_TIMEOUT_S = 600
_DEFAULT_RETRIES = 3


@dataclasses.dataclass(frozen=True)
class TransformPlan:
    """What the transform does with each object.

    Attributes:
        max_concurrent: mini-batches in flight per instance.
        is_split: by lines; otherwise a whole object is one payload.
        is_multi_record: as many lines a payload as fit; otherwise one.
        is_assembled: a newline after each mini-batch's answer that lacks one.
        is_joined: each answer is joined to its input record.
    """

    max_concurrent: int
    max_payload_bytes: int
    is_split: bool
    is_multi_record: bool
    is_assembled: bool
    is_joined: bool
    is_gzip: bool
    content_type: str
    accept: str
    timeout_s: int
    retries: int


def check_transform(request: dict[str, Any]) -> None:
    """Refuse what AWS refuses, and what this service lacks.

    Raises:
        ApiError: ValidationException.
    """
    payload_mb = request.get("MaxPayloadInMB", _DEFAULT_PAYLOAD_MB)
    concurrent = request.get("MaxConcurrentTransforms", 0)
    if payload_mb > _MAX_PAYLOAD_MB:
        raise validation_exception(f"MaxPayloadInMB must not exceed {_MAX_PAYLOAD_MB}.")
    if "MaxPayloadInMB" in request and payload_mb == 0:
        raise not_implemented("MaxPayloadInMB 0 (HTTP chunked encoding)")
    if concurrent * payload_mb > _MAX_PAYLOAD_MB:
        raise validation_exception(
            "The product of MaxConcurrentTransforms and MaxPayloadInMB must not exceed "
            f"{_MAX_PAYLOAD_MB} MB."
        )
    source = request["TransformInput"]
    if source.get("SplitType", "None") not in {"None", "Line"}:
        raise not_implemented(f"SplitType {source['SplitType']}")
    if source["DataSource"]["S3DataSource"]["S3DataType"] not in {"S3Prefix", "ManifestFile"}:
        raise not_implemented("This S3DataType of a transform job")
    processing = request.get("DataProcessing", {})
    for name in ("InputFilter", "OutputFilter"):
        if processing.get(name, "$") != "$":
            raise not_implemented(f"DataProcessing.{name}")


def transform_plan(request: dict[str, Any], recommended: dict[str, Any]) -> TransformPlan:
    """The plan: the request wins over the container's ``/execution-parameters``, then defaults."""

    def chosen(name: str, default: Any) -> Any:
        return request.get(name) or recommended.get(name) or default

    source, output = request["TransformInput"], request["TransformOutput"]
    client = request.get("ModelClientConfig", {})
    return TransformPlan(
        max_concurrent=int(chosen("MaxConcurrentTransforms", 1)),
        max_payload_bytes=int(chosen("MaxPayloadInMB", _DEFAULT_PAYLOAD_MB)) * _MIB,
        is_split=source.get("SplitType", "None") == "Line",
        is_multi_record=chosen("BatchStrategy", "MultiRecord") == "MultiRecord",
        is_assembled=output.get("AssembleWith", "None") == "Line",
        is_joined=request.get("DataProcessing", {}).get("JoinSource", "None") == "Input",
        is_gzip=source.get("CompressionType", "None") == "Gzip",
        content_type=source.get("ContentType", ""),
        accept=output.get("Accept", ""),
        timeout_s=client.get("InvocationsTimeoutInSeconds", _DEFAULT_TIMEOUT_S),
        retries=client.get("InvocationsMaxRetries", _DEFAULT_RETRIES),
    )
