"""Instances with a GPU get the torch image, the others the CPU engine's; a model has one image."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from include.adapters.aws.sagemaker.async_endpoint.async_provision import AsyncEndpoints, AsyncSize
from include.adapters.aws.sagemaker.jobs.evaluation_jobs import SageMakerEvaluationJobs
from include.adapters.aws.sagemaker.jobs.lane_jobs import LaneJobs
from include.adapters.aws.sagemaker.jobs.processing_jobs import ProcessingJobs
from include.adapters.aws.sagemaker.jobs.spot_jobs import SpotJobs
from include.adapters.aws.sagemaker.jobs.transform_jobs import TransformJobs
from include.adapters.aws.sagemaker.sagemaker_models import ServingSite, ensure_model
from include.config import Settings
from include.domain.execution.jobs import JobSpec
from include.domain.model_ref import ModelRef
from include.pipeline.release.release_ports import EvaluationRequest

MODEL = ModelRef("news-topic", "7", "d" * 64)
GPU, CPU = "ml.g4dn.xlarge", "ml.c5.xlarge"
SITE = ServingSite("serving", "role", gpu_image_uri="torch")
ARTIFACT = "s3://models/news-topic/7/model.tar.gz"


class Exceptions:
    """What a boto3 client has under this name."""

    ClientError = ClientError


class SageMaker:
    """Takes every create request, and knows of no job."""

    exceptions = Exceptions

    def __init__(self) -> None:
        self.created: dict[str, dict[str, Any]] = {}

    def describe_processing_job(self, **_: str) -> None:
        error = {"Code": "ResourceNotFound", "Message": "no such job"}
        raise ClientError({"Error": error}, "DescribeProcessingJob")

    def __getattr__(self, operation: str) -> Any:
        return lambda **request: self.created.__setitem__(operation, request)


def launched(
    kind: type[LaneJobs], instance_type: str, site: ServingSite = SITE
) -> dict[str, dict[str, Any]]:
    """The requests of one job."""
    sagemaker = SageMaker()
    spec = JobSpec("job", kind.lane, MODEL, "s3://w/in/", "s3://w/out/", instance_type, 1, 3600)
    kind(sagemaker, site).launch(spec, artifact_url=ARTIFACT)  # type: ignore[arg-type]
    return sagemaker.created


@pytest.mark.parametrize(("instance_type", "image"), [(CPU, "serving"), (GPU, "torch")])
def test_a_job_has_the_image_of_its_instance(instance_type: str, image: str) -> None:
    spot = launched(SpotJobs, instance_type)["create_training_job"]
    assert spot["AlgorithmSpecification"]["TrainingImage"] == image
    processing = launched(ProcessingJobs, instance_type)["create_processing_job"]
    assert processing["AppSpecification"]["ImageUri"] == image


@pytest.mark.parametrize(
    ("instance_type", "name", "image"),
    [(CPU, "twolane-news-topic-v7", "serving"), (GPU, "twolane-news-topic-v7-gpu", "torch")],
)
def test_a_transform_job_names_the_model_that_has_the_image(
    instance_type: str, name: str, image: str
) -> None:
    requests = launched(TransformJobs, instance_type)
    assert requests["create_model"]["PrimaryContainer"]["Image"] == image
    assert requests["create_model"]["ModelName"] == name
    assert requests["create_transform_job"]["ModelName"] == name


def test_a_serverless_model_has_the_serving_image() -> None:
    sagemaker = SageMaker()
    name = ensure_model(sagemaker, MODEL, artifact_url=ARTIFACT, site=SITE)  # type: ignore[arg-type]
    assert name == MODEL.resource_name
    assert sagemaker.created["create_model"]["PrimaryContainer"]["Image"] == "serving"


@pytest.mark.parametrize(("instance_type", "image"), [(CPU, "training"), (GPU, "torch")])
def test_models_are_evaluated_on_the_engine_that_will_serve(instance_type: str, image: str) -> None:
    sagemaker = SageMaker()
    jobs = SageMakerEvaluationJobs(
        sagemaker,  # type: ignore[arg-type]
        image_uri="training",
        gpu_image_uri="torch",
        role_arn="role",
    )
    request = EvaluationRequest(
        "job", "s3://m/test/", "s3://m/config/", {}, "s3://m/out/", instance_type, {}
    )
    assert jobs.start(request) == "job"
    created = sagemaker.created["create_processing_job"]
    assert created["AppSpecification"]["ImageUri"] == image


def test_the_machine_image_with_the_driver_goes_with_the_gpu_image() -> None:
    site = replace(SITE, transform_ami="driver-535")
    assert resources(site, GPU)["TransformAmiVersion"] == "driver-535"
    assert "TransformAmiVersion" not in resources(site, CPU)
    assert "TransformAmiVersion" not in resources(replace(site, gpu_image_uri=""), GPU)


def resources(site: ServingSite, instance_type: str) -> dict[str, Any]:
    """What a transform job asks for."""
    return dict(launched(TransformJobs, instance_type, site)["create_transform_job"])[
        "TransformResources"
    ]


def test_names_hold_the_longest_model_on_the_longest_type() -> None:
    model = ModelRef("a" * 32, "9999", "d" * 64)
    sagemaker = Asynchronous()
    size = AsyncSize("ml.g4dn.12xlarge", 1, "s3://w/async/")
    site = replace(SITE, endpoint_ami="driver-535")
    endpoints = AsyncEndpoints(sagemaker, None, site=site, size=size)  # type: ignore[arg-type]
    endpoints.prepare(model, artifact_url=ARTIFACT)
    config = sagemaker.created["create_endpoint_config"]
    assert len(config["EndpointConfigName"]) <= 63
    assert config["ProductionVariants"][0]["InferenceAmiVersion"] == "driver-535"
    assert (
        sagemaker.created["create_endpoint"]["EndpointName"] == f"{model.resource_name}-async-gpu"
    )
    assert sagemaker.created["create_model"]["PrimaryContainer"]["Image"] == "torch"


class Asynchronous(SageMaker):
    """Has no endpoint yet."""

    def describe_endpoint(self, **_: str) -> None:
        error = {"Code": "ValidationException", "Message": "Could not find endpoint"}
        raise ClientError({"Error": error}, "DescribeEndpoint")


@pytest.mark.parametrize(
    ("told", "is_emulated", "image"),
    [
        ("", False, "torch"),
        ("", True, ""),
        ("torch", True, "torch"),
        ("own", False, "own"),
        ("serving", False, ""),
    ],
)
def test_torch_serves_where_gpus_are_real_or_where_it_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, told: str, is_emulated: bool, image: str
) -> None:
    monkeypatch.setenv("TWOLANE_DATABASE_URL", "postgresql://unused")
    settings = Settings(
        serving_image="serving",
        torch_image="torch",
        gpu_serving_image=told,
        is_emulated=is_emulated,
    )
    assert settings.gpu_image == image
