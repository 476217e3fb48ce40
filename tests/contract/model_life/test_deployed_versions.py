"""What SageMaker keeps of a version: found, and deleted without a trace. Nothing else is."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from include.adapters.aws.cloudwatch.endpoint_alarms import AlarmLimits, EndpointAlarms, alarm_names
from include.adapters.aws.sagemaker.async_endpoint.async_scaling import (
    EndpointScaling,
    ScalingRule,
    wake_alarm_name,
)
from include.adapters.aws.sagemaker.deployed_versions import SageMakerDeployedVersions
from include.adapters.aws.sagemaker.sagemaker_models import ensure_model
from include.adapters.aws.sagemaker.serving_endpoints import SageMakerServingEndpoints
from include.adapters.postgres.accounts import PostgresAccountDirectory
from include.adapters.postgres.batches.read_store import PostgresReadStore
from include.adapters.postgres.database import Database
from include.adapters.postgres.models.version_usage import PostgresVersionUsage
from include.domain.accounts import Account, Tier
from include.domain.model_ref import ModelRef
from include.domain.promotion.retirement import VersionKey
from include.pipeline.ports.stores import BatchClosure
from tests.contract.lanes.test_endpoint_lanes import asynchronous, serverless
from tests.support.lane_bench import SITE, LaneBench, real_bench
from tests.support.local_aws import LocalAws
from tests.support.manifests import SUBMITTED_AT, make_manifest

_NUMBERS = itertools.count(1000)


@pytest.fixture
def model() -> ModelRef:
    return ModelRef("retired-topic", str(next(_NUMBERS)), "d" * 64)


@pytest.fixture
def real(cloud: LocalAws, tmp_path: Path) -> LaneBench:
    return real_bench(cloud, tmp_path)


def versions(cloud: LocalAws) -> SageMakerDeployedVersions:
    cloudwatch = cloud.client("cloudwatch")
    rule = ScalingRule(max_instances=1, backlog_per_instance=1.0)
    scaling = EndpointScaling(cloud.client("application-autoscaling"), cloudwatch, rule)
    alarms = EndpointAlarms(cloudwatch, AlarmLimits())
    return SageMakerDeployedVersions(cloud.client("sagemaker"), scaling, alarms, poll_s=0.05)


def key(model: ModelRef) -> VersionKey:
    return VersionKey(model.name, model.version)


def left_over(cloud: LocalAws, model: ModelRef) -> list[str]:
    """Everything on the account that bears the version's name."""
    name, sagemaker = model.resource_name, cloud.client("sagemaker")
    found = [each["EndpointName"] for each in sagemaker.list_endpoints()["Endpoints"]]
    configs = sagemaker.list_endpoint_configs()["EndpointConfigs"]
    found += [each["EndpointConfigName"] for each in configs]
    found += [each["ModelName"] for each in sagemaker.list_models()["Models"]]
    cloudwatch = cloud.client("cloudwatch")
    both = (name, f"{name}-async")
    alarms = [each for endpoint in both for each in alarm_names(endpoint)]
    alarms.append(wake_alarm_name(f"{name}-async"))
    described = cloudwatch.describe_alarms(AlarmNames=alarms)["MetricAlarms"]
    found += [each["AlarmName"] for each in described]
    scaling = cloud.client("application-autoscaling")
    targets = scaling.describe_scalable_targets(ServiceNamespace="sagemaker")["ScalableTargets"]
    found += [each["ResourceId"].split("/")[1] for each in targets]
    return [each for each in found if each.startswith(name)]


def test_a_version_is_deleted_without_a_trace(
    cloud: LocalAws, real: LaneBench, model: ModelRef
) -> None:
    url, adapter = real.put_artifact(), versions(cloud)
    before = datetime.now(UTC) - timedelta(seconds=2)
    other = ModelRef(model.name, model.version + "0", model.digest)
    serverless(cloud).deploy(model, artifact_url=url)
    asynchronous(cloud, real).deploy(model, artifact_url=url)
    ensure_model(cloud.client("sagemaker"), other, artifact_url=url, site=SITE)
    assert len(left_over(cloud, model)) >= 9

    found = {each.key: each.made_at for each in adapter.find()}
    assert {key(model), key(other)} <= found.keys()
    assert before < found[key(model)] < datetime.now(UTC) + timedelta(seconds=2)
    serving = SageMakerServingEndpoints(cloud.client("sagemaker")).in_service()
    (mine,) = [each for each in serving if each.name.startswith(model.resource_name)]
    assert (mine.model_name, mine.model_version) == (model.name, model.version)
    assert (mine.instance_type, mine.instance_count) == ("ml.m5.xlarge", 1)
    assert before < mine.since
    adapter.delete(key(model))
    adapter.delete(key(model))

    assert left_over(cloud, model) == [other.resource_name]
    assert key(model) not in {each.key for each in adapter.find()}


def test_what_is_not_ours_is_left(cloud: LocalAws, real: LaneBench, model: ModelRef) -> None:
    cloud.client("sagemaker").create_model(
        ModelName=model.resource_name,
        PrimaryContainer={"Image": SITE.image_uri, "ModelDataUrl": real.put_artifact()},
        ExecutionRoleArn=SITE.role_arn,
    )
    versions(cloud).delete(key(model))
    assert left_over(cloud, model) == [model.resource_name]


def test_batches_say_which_versions_are_in_use(product_database_url: str) -> None:
    database = Database(product_database_url)
    store, usage = PostgresReadStore(database), PostgresVersionUsage(database)
    manifest = make_manifest("b-1")
    mine = VersionKey(manifest.model.name, manifest.model.version)
    PostgresAccountDirectory(database).put([Account(manifest.account, Tier.STANDARD)])
    store.open_batch(manifest, run_id="run-1")
    assert list(usage.pinned()) == [mine]
    assert usage.last_used() == {}

    store.close_batch("b-1", BatchClosure("succeeded", "", SUBMITTED_AT, True, ""))
    assert list(usage.pinned()) == []
    assert usage.last_used() == {mine: SUBMITTED_AT}
    database.close()


def test_a_comparison_under_way_uses_both_its_versions(product_database_url: str) -> None:
    database = Database(product_database_url)
    with database.transaction("test") as connection:
        connection.execute(
            "INSERT INTO comparisons (comparison_id, kind, model_name, champion_version,"
            " champion_digest, challenger_version, challenger_digest, account_share,"
            " document_share, level, margin, max_documents, batch_documents, budget_usd,"
            " max_failed_batches, days, started_by, started_at)"
            " VALUES ('c', 'shadow', 'topic', '4', '', '5', '', 0, 1, 0.05, 0.01, 9, 9, 1, 1, 1,"
            " 'ada', now())"
        )
    found = set(PostgresVersionUsage(database).pinned())
    database.close()
    assert found == {VersionKey("topic", "4"), VersionKey("topic", "5")}
