"""Idle GPUs on the embedded AWS: real metrics, real instances that go, a real ledger.

One world for all: an endpoint left idle, one with a slow request in work, one whose metric is
missing, and jobs of a batch that has ended. Times are shorter than AWS's, so that an interval takes
seconds.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from psycopg.rows import dict_row

from include.adapters.aws.clients import AwsAddress, forget
from include.adapters.aws.cloudwatch.gpu_metrics import CloudWatchGpuMetrics
from include.config import Settings
from include.domain.gpus.idleness import Standing
from include.domain.gpus.resources import ResourceKind
from include.files.lanes_file import LanesFile, load_lanes
from include.files.prices import load_price_book
from include.wiring.gpus import SERVICES, GpuWatch
from tests.support.fakes.gpus import FakeReleases
from tests.support.faults import injected
from tests.support.local_aws import REGION, LocalAws
from tests.support.sagemaker import Bucket, SageMaker, documents, eventually, unique

GPU = "ml.g4dn.xlarge"
HOURLY = load_price_book().instance(GPU).usd
INTERVAL_S = 6.0
TAGS = [{"Key": "twolane:product", "Value": "twolane"}]
ENDED = [*TAGS, {"Key": "twolane:batch", "Value": "b-ended"}]


@dataclass
class World:
    """What is watched, and who watches."""

    watch: GpuWatch
    sagemaker: SageMaker
    names: dict[str, str]

    def instances(self, which: str) -> int:
        found = self.sagemaker.client.describe_endpoint(EndpointName=self.names[which])
        return int(found["ProductionVariants"][0]["CurrentInstanceCount"])

    def rows(self, text: str) -> list[dict[str, Any]]:
        with self.watch.database.transaction("test") as connection:
            return connection.cursor(row_factory=dict_row).execute(text.encode()).fetchall()


def async_endpoint(sagemaker: SageMaker, bucket: Bucket, **environment: str) -> str:
    """An asynchronous endpoint as the product names and tags its own, in service."""
    name = f"twolane-{unique('idle')}-v1-async"
    sagemaker.client.create_endpoint_config(
        EndpointConfigName=name,
        ProductionVariants=[
            {
                "VariantName": "all",
                "ModelName": sagemaker.create_model(**environment),
                "InstanceType": GPU,
                "InitialInstanceCount": 1,
            }
        ],
        AsyncInferenceConfig={"OutputConfig": {"S3OutputPath": bucket.uri("answers")}},
    )
    sagemaker.client.create_endpoint(EndpointName=name, EndpointConfigName=name, Tags=TAGS)
    assert sagemaker.settled(name)["EndpointStatus"] == "InService"
    return name


def settings(url: str) -> Settings:
    return Settings(
        database_url=url,
        is_emulated=True,
        gpu_idle_s=INTERVAL_S,
        gpu_quiet_idle_s=INTERVAL_S,
        gpu_warm_up_s=2.0,
        gpu_metric_period_s=2.0,
        gpu_idle_utilisation=0.2,
        orphan_grace_s=0.1,
        orphans_stop=True,
    )


@pytest.fixture
def world(
    cloud: LocalAws, product_database_url: str, monkeypatch: pytest.MonkeyPatch
) -> Iterator[World]:
    for key in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_EC2_METADATA_DISABLED"):
        monkeypatch.setenv(key, cloud.env[key])
    forget()
    aws = AwsAddress(
        REGION, tuple((each, cloud.client(each).meta.endpoint_url) for each in SERVICES)
    )
    product = settings(product_database_url)
    lanes: LanesFile = load_lanes(product.lanes_file)
    watch = GpuWatch(product, lanes, aws=aws)
    sagemaker, bucket = SageMaker(cloud), Bucket(cloud, unique("idle"))
    watch.__dict__["owners"] = FakeReleases()
    slow = async_endpoint(sagemaker, bucket, FIXTURE_SLOW_S="60")
    cloud.client("sagemaker-runtime").invoke_endpoint_async(
        EndpointName=slow,
        InputLocation=bucket.put("in.jsonl", documents(1)),
        ContentType="application/jsonlines",
        InvocationTimeoutSeconds=120,
    )
    names = {
        "idle": async_endpoint(sagemaker, bucket),
        "slow": slow,
        "silent": async_endpoint(sagemaker, bucket),
    }
    fault = {
        "kind": "stale_metric",
        "metric": "GPUUtilization",
        "resource": names["silent"],
        "mode": "drop",
        "times": 0,
    }
    with injected(cloud.sagemaker_url, fault):
        yield World(watch, sagemaker, names)
    for name in names.values():
        sagemaker.client.delete_endpoint(EndpointName=name)
    watch.database.close()
    forget()


def test_only_what_is_idle_goes_within_two_intervals_and_the_saving_is_in_the_books(
    world: World,
) -> None:
    time.sleep(2.0)  # the instances are warm
    looks = 0
    while world.instances("idle") and looks < 2:
        time.sleep(INTERVAL_S)
        looks += 1
        freed = world.watch.free_gpus()
    standing = {
        each.resource.resource_id: each.standing for each in world.watch.look_at_gpus().findings
    }
    assert standing[world.names["slow"]] is Standing.IN_FLIGHT
    assert standing[world.names["silent"]] is Standing.UNKNOWN
    assert [each.finding.resource.resource_id for each in freed] == [world.names["idle"]]
    eventually(lambda: world.instances("idle") == 0)
    assert [world.instances(each) for each in ("slow", "silent")] == [1, 1]

    (saving,) = world.rows("SELECT * FROM savings")
    assert (saving["resource_id"], saving["action"]) == (world.names["idle"], "scaled to zero")
    assert (saving["instances"], saving["saved_usd_per_hour"]) == (1, pytest.approx(HOURLY))
    assert saving["is_emulated"]
    (waste,) = world.rows("SELECT * FROM usage_charges WHERE x_kind = 'endpoint_time'")
    assert waste["resource_id"] == world.names["idle"]
    assert waste["charge_period_end"] == saving["at"]
    assert waste["x_waste_list_cost"] == waste["list_cost"] > 0
    assert waste["billed_cost"] == 0

    world.watch.look_at_gpus()
    (later,) = world.rows("SELECT * FROM savings")
    hours = (later["counted_to"] - later["at"]).total_seconds() / 3600
    assert later["list_saved_usd"] == pytest.approx(HOURLY * hours)
    assert hours > 0
    (line,) = world.watch.saved(saving["at"].date(), later["counted_to"].date())
    assert (line.reason.value, line.actions, line.is_emulated) == ("idle", 1, True)
    assert line.list_saved_usd == pytest.approx(later["list_saved_usd"])
    seen = world.rows(
        "SELECT resource_id, count(*) FILTER (WHERE utilisation IS NULL) AS missing, count(*) AS n"
        " FROM gpu_samples GROUP BY 1"
    )
    silent = next(row for row in seen if row["resource_id"] == world.names["silent"])
    idle = next(row for row in seen if row["resource_id"] == world.names["idle"])
    assert silent["missing"] == silent["n"] > 0
    assert idle["missing"] == 0


JOBS = {
    "processing_job": ResourceKind.PROCESSING_JOB,
    "transform_job": ResourceKind.TRANSFORM_JOB,
    "training_job": ResourceKind.TRAINING_JOB,
}


def started(sagemaker: SageMaker, bucket: Bucket, noun: str) -> str:
    """A job on a GPU that sleeps for a minute, tagged with a batch that is not under way."""
    source = bucket.put(f"{noun}/in/0.jsonl", documents(2)).removesuffix("0.jsonl")
    target = bucket.uri(f"{noun}/out")
    if noun == "processing_job":
        request = sagemaker.processing_request(source, target)
        request["ProcessingResources"]["ClusterConfig"]["InstanceType"] = GPU
        request["Environment"] = {"FIXTURE_SLOW_S": "60"}
    elif noun == "transform_job":
        model = sagemaker.create_model(FIXTURE_SLOW_S="60")
        request = sagemaker.transform_request(model, source, target)
        request["TransformResources"]["InstanceType"] = GPU
    else:
        request = sagemaker.training_request(source, target, steps="2")
        request["ResourceConfig"]["InstanceType"] = GPU
        request["Environment"] = {"FIXTURE_SLOW_S": "60"}
    key = f"{noun.title().replace('_', '')}Name"
    request.update({key: f"twolane-{unique('orphan')}", "Tags": ENDED})
    return sagemaker.start(noun, request)


def test_jobs_tell_how_busy_they_are_and_those_that_nobody_owns_are_stopped(
    cloud: LocalAws, world: World
) -> None:
    bucket = Bucket(cloud, unique("orphans"))
    names = {noun: started(world.sagemaker, bucket, noun) for noun in JOBS}
    metrics = CloudWatchGpuMetrics(cloud.client("cloudwatch"))

    def told() -> dict[str, Any] | None:
        held = {each.resource_id: each for each in world.watch.instances.held()}
        found = {noun: held[name] for noun, name in names.items() if name in held}
        policy, now = world.watch.settings.idle_policy, datetime.now(UTC)
        has_metrics = [metrics.readings(each, policy, now).utilisation for each in found.values()]
        return found if len(found) == len(JOBS) and all(has_metrics) else None

    found = eventually(told)
    assert {noun: each.kind for noun, each in found.items()} == JOBS
    assert {each.instance_type for each in found.values()} == {GPU}
    assert {each.batch_id for each in found.values()} == {"b-ended"}
    assert found["training_job"].limit_s == 60

    world.watch.__dict__["owners"] = FakeReleases(versions=versions_of(world))
    orphans = {each.resource.resource_id for each in world.watch.clear_orphans()}
    assert orphans == set(names.values())
    for noun, name in names.items():
        assert world.sagemaker.finished(noun, name)[f"{noun.title().replace('_', '')}Status"] in (
            "Stopped",
            "Completed",
        )
    savings = world.rows("SELECT resource_id, reason, action FROM savings")
    assert {row["resource_id"] for row in savings} == orphans
    assert {(row["reason"], row["action"]) for row in savings} == {("orphan", "stopped")}
    alerts = world.rows("SELECT subject, kind, batch_id FROM alerts")
    assert {(row["subject"], row["kind"]) for row in alerts} == {(n, "orphan") for n in orphans}
    assert {row["batch_id"] for row in alerts} == {"b-ended"}


def versions_of(world: World) -> list[str]:
    """The versions of every endpoint that stands, other tests' included."""
    held = [each for each in world.watch.instances.held() if not each.kind.is_job]
    return [key.label for each in held if (key := world.watch.instances.version(each))]
