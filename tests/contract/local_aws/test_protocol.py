"""Requests are judged by botocore's service model, in AWS's words."""

import json
import urllib.error
import urllib.request
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.support.local_aws import FIXTURE_IMAGE, ROLE_ARN, LocalAws
from tests.support.sagemaker import SageMaker


def post(stack: LocalAws, operation: str, body: bytes) -> tuple[int, dict[str, Any]]:
    """A request past botocore's own client-side checks."""
    request = urllib.request.Request(
        f"{stack.sagemaker_url}/",
        data=body,
        headers={"X-Amz-Target": f"SageMaker.{operation}"},
    )
    try:
        with urllib.request.urlopen(request) as response:
            return response.status, json.loads(response.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def test_every_broken_constraint_is_named(local_aws: LocalAws) -> None:
    name = "-bad-" + "x" * 70

    status, body = post(
        local_aws, "CreateTransformJob", json.dumps({"TransformJobName": name}).encode()
    )

    assert status == 400
    assert body["__type"] == "ValidationException"
    assert "Member must have length less than or equal to 63" in body["message"]
    assert "Member must satisfy regular expression pattern" in body["message"]
    assert "Value null at 'modelName' failed to satisfy constraint" in body["message"]


@pytest.mark.parametrize(
    ("operation", "body", "code"),
    [
        ("NoSuchThing", b"{}", "UnknownOperationException"),
        ("CreateModel", b"{not json", "SerializationException"),
        ("CreateModel", b'{"ModelName": 3}', "ValidationException"),
        ("CreateModel", b'{"ModelName": "a", "Surprise": 1}', "ValidationException"),
        ("CreateNotebookInstance", b"{}", "ValidationException"),
    ],
)
def test_what_cannot_be_answered_is_refused(
    local_aws: LocalAws, operation: str, body: bytes, code: str
) -> None:
    status, answer = post(local_aws, operation, body)

    assert (status, answer["__type"]) == (400, code)


def test_an_operation_not_implemented_says_so(local_aws: LocalAws) -> None:
    _, answer = post(local_aws, "ListNotebookInstances", b"{}")

    assert "ListNotebookInstances is not implemented" in answer["message"]


@pytest.mark.parametrize(
    ("members", "words"),
    [
        ({"MemorySizeInMB": 7168, "MaxConcurrency": 1}, "less than or equal to 6144"),
        ({"MemorySizeInMB": 1500, "MaxConcurrency": 1}, "Memory size 1500 MB is not supported"),
        ({"MemorySizeInMB": 1024, "MaxConcurrency": 201}, "less than or equal to 200"),
        (
            {"MemorySizeInMB": 1024, "MaxConcurrency": 1, "ProvisionedConcurrency": 2},
            "ProvisionedConcurrency must not exceed",
        ),
    ],
)
def test_serverless_limits(sagemaker: SageMaker, members: dict[str, int], words: str) -> None:
    model = sagemaker.create_model()

    with pytest.raises(ClientError, match=words):
        sagemaker.create_config(model, ServerlessConfig=members)


def test_models_are_described_listed_and_deleted(sagemaker: SageMaker) -> None:
    names = [sagemaker.create_model() for _ in range(3)]

    first = sagemaker.client.list_models(NameContains="model-", MaxResults=2)
    second = sagemaker.client.list_models(
        NameContains="model-", MaxResults=2, NextToken=first["NextToken"]
    )
    described = sagemaker.client.describe_model(ModelName=names[0])
    sagemaker.client.delete_model(ModelName=names[0])

    assert [model["ModelName"] for model in first["Models"]] == names[:0:-1]
    assert second["Models"][0]["ModelName"] == names[0]
    assert described["PrimaryContainer"]["Image"] == FIXTURE_IMAGE
    with pytest.raises(ClientError, match="Could not find model"):
        sagemaker.client.describe_model(ModelName=names[0])


def test_a_model_name_is_taken_once(sagemaker: SageMaker) -> None:
    name = sagemaker.create_model()

    with pytest.raises(ClientError, match="Cannot create already existing model"):
        sagemaker.client.create_model(
            ModelName=name, ExecutionRoleArn=ROLE_ARN, PrimaryContainer={"Image": FIXTURE_IMAGE}
        )


def test_a_model_needs_a_known_image(sagemaker: SageMaker) -> None:
    with pytest.raises(ClientError, match=r"Requested image nowhere/none:1 not found"):
        sagemaker.client.create_model(
            ModelName="imageless",
            ExecutionRoleArn=ROLE_ARN,
            PrimaryContainer={"Image": "nowhere/none:1"},
        )


def test_tags_are_kept(sagemaker: SageMaker) -> None:
    name = sagemaker.create_model()
    arn = sagemaker.client.describe_model(ModelName=name)["ModelArn"]

    sagemaker.client.add_tags(ResourceArn=arn, Tags=[{"Key": "team", "Value": "news"}])

    assert sagemaker.client.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "team", "Value": "news"}]
