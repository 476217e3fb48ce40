"""A release on the embedded AWS and a real MLflow: trained, evaluated, judged, shown."""

from __future__ import annotations

import json
import urllib.parse
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr

from include.adapters.aws import clients
from include.adapters.aws.sagemaker.jobs.ended_jobs import SageMakerEndedJobs
from include.adapters.mlflow_release_runs import MlflowReleaseRuns
from include.config import Settings
from include.domain.errors import ReleaseFailed, ReleaseRejected
from include.domain.money.usage import UsageKind
from include.domain.promotion.alias import Alias
from include.files.lanes_file import LanesFile, load_lanes
from include.pipeline.money.ports import Grouping
from include.pipeline.release.evidence import Evidence
from include.pipeline.release.release_records import ReleaseRequest
from include.pipeline.release.release_report import Findings
from include.pipeline.versions.ports import TrainingRequest
from include.wiring.models.model_life import ModelLife
from include.wiring.money import Money
from tests.support.labelled_topics import topics
from tests.support.local_aws import EVALUATING_GPU_IMAGE, REGISTRY, REPOSITORY, LocalAws
from tests.support.mlflow_server import running_mlflow
from tests.support.release_site import ReleaseSite, write_policy

BUCKETS = {"TWOLANE_MODELS_BUCKET": "steps-models", "TWOLANE_ALLOWED_BUCKETS": "steps-inbox"}
HARDWARE = {"cpu": "processing", "gpu": "transform"}
MODEL = "topics"
PNG = b"\x89PNG"


@pytest.fixture(scope="module")
def tracking_uri(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with running_mlflow(tmp_path_factory.mktemp("mlflow")) as uri:
        yield uri


@pytest.fixture(scope="module")
def site(
    local_aws: LocalAws, tracking_uri: str, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ReleaseSite]:
    for bucket in BUCKETS.values():
        local_aws.client("s3").create_bucket(Bucket=bucket)
    variables = {
        **local_aws.env,
        **BUCKETS,
        **write_policy(tmp_path_factory.mktemp("policy"), lanes=HARDWARE),
        "TWOLANE_DATABASE_URL": "postgresql://unused",
        "TWOLANE_MLFLOW_TRACKING_URI": tracking_uri,
        "TWOLANE_IS_EMULATED": "true",
        "TWOLANE_GPU_SERVING_IMAGE": EVALUATING_GPU_IMAGE,
    }
    with pytest.MonkeyPatch.context() as patch:
        for name, value in variables.items():
            patch.setenv(name, value)
        clients.forget()
        lanes: LanesFile = load_lanes(REPOSITORY / "include" / "lanes" / "local.toml")
        yield ReleaseSite(ModelLife(Settings(), lanes), "steps-inbox")
    clients.forget()


@pytest.fixture(scope="module")
def released(site: ReleaseSite) -> tuple[Evidence, Findings]:
    return site.release(MODEL, topics(900), ("linear",))


def test_the_proposal_is_registered_published_and_challenger(
    site: ReleaseSite, released: tuple[Evidence, Findings]
) -> None:
    evidence, findings = released
    assert findings.passed, findings.failures
    aliases = site.life.aliases.aliases(MODEL)
    assert aliases == {Alias.CHALLENGER: findings.model.version}
    version = site.life.aliases.published(MODEL, findings.model.version)
    assert version.evidence_uri == evidence.folder
    assert version.model.digest == findings.model.digest
    assert site.life.objects.exists(version.artifact_url)


def test_the_evidence_is_one_folder_with_pictures(
    site: ReleaseSite, released: tuple[Evidence, Findings]
) -> None:
    evidence, findings = released
    found = {
        info.uri.removeprefix(evidence.folder)
        for info in site.life.objects.list_objects(evidence.folder)
    }
    assert {"release.json", "evaluation-cpu.json", "verdict.json", "report.md"} <= found
    pictures = {f"pictures/{n}.png" for n in ("confusion", "calibration", "accuracy-against-cost")}
    assert pictures <= found
    with site.life.objects.open(evidence.uri("pictures/confusion.png")) as stream:
        assert stream.read(4) == PNG
    report = evidence.read("report.md")
    assert "emulated" in report
    assert f"{findings.quality.models['linear'].accuracy:.2%}" in report


def test_each_hardware_class_is_measured_with_the_image_that_serves_there(
    site: ReleaseSite, released: tuple[Evidence, Findings], local_aws: LocalAws
) -> None:
    evidence, findings = released
    assert set(findings.evaluations) == set(HARDWARE)
    client = local_aws.client("sagemaker")
    records = {name: evidence.trial(f"evaluation-{name}") for name in HARDWARE}
    images = {
        name: client.describe_processing_job(ProcessingJobName=record.job)["AppSpecification"]
        for name, record in records.items()
        if record is not None
    }
    assert images["cpu"]["ImageUri"] == f"{REGISTRY}/twolane-training:1"
    assert images["gpu"]["ImageUri"] == EVALUATING_GPU_IMAGE


def test_training_jobs_are_nested_under_the_releases_run(
    site: ReleaseSite, released: tuple[Evidence, Findings], tracking_uri: str
) -> None:
    evidence, _ = released
    run_id = evidence.plan().run_id
    runs = search_runs(tracking_uri, f"tags.`mlflow.parentRunId` = '{run_id}'")
    kinds = {
        tag["value"] for r in runs for tag in r["data"]["tags"] if tag["key"] == "twolane.kind"
    }
    assert len(runs) == 2, "the training job, and the version that was registered"
    assert kinds == {"trial"}
    (parent,) = search_runs(tracking_uri, "tags.`twolane.kind` = 'release'")
    assert parent["info"]["status"] == "FINISHED"
    metrics = {metric["key"] for metric in parent["data"]["metrics"]}
    assert "linear/accuracy" in metrics


def test_mlflow_shows_the_pictures(released: tuple[Evidence, Findings], tracking_uri: str) -> None:
    evidence, _ = released
    query = urllib.parse.urlencode(
        {"run_uuid": evidence.plan().run_id, "path": "pictures/confusion.png"}
    )
    with urllib.request.urlopen(f"{tracking_uri}/get-artifact?{query}") as answer:
        assert answer.read(4) == PNG


def test_the_next_release_is_compared_with_the_champion_and_shown(
    site: ReleaseSite, released: tuple[Evidence, Findings]
) -> None:
    _, first = released
    site.life.aliases.point(MODEL, Alias.CHAMPION, first.model.version)
    evidence, findings = site.release(MODEL, topics(2200), ("linear",))
    assert evidence.plan().champion is not None
    assert {gate.name for gate in findings.gates} >= {"macro_f1", "slices"}
    assert site.life.objects.exists(evidence.uri("pictures/champion-against-challenger.png"))


def test_its_jobs_are_found_once_they_have_ended_and_are_charged_until_they_are_known(
    site: ReleaseSite, released: tuple[Evidence, Findings], local_aws: LocalAws
) -> None:
    evidence, _ = released
    names = [evidence.trial(name) for name in ("linear", "evaluation-cpu")]
    trained, evaluated = (record.job for record in names if record is not None)
    finder = SageMakerEndedJobs(local_aws.client("sagemaker"))
    since = datetime.now(UTC) - timedelta(days=1)

    found = {each.name: each for each in finder.ended(since, but=())}

    assert (found[trained].kind, found[evaluated].kind) == (
        UsageKind.TRAINING,
        UsageKind.EVALUATION,
    )
    for job in (found[trained], found[evaluated]):
        assert (job.model_name, job.has_completed) == (MODEL, True)
        assert job.instance_type.startswith("ml.")
        assert job.billed_s >= 0.5 * job.period.hours * 3600 > 0
    assert trained not in {each.name for each in finder.ended(since, but={trained})}
    assert list(finder.ended(datetime.now(UTC) + timedelta(hours=1), but=())) == []


def test_its_jobs_are_booked_once_at_list_price_and_billed_to_nobody(
    site: ReleaseSite, released: tuple[Evidence, Findings], product_database_url: str
) -> None:
    settings = site.life.settings.model_copy(
        update={"database_url": SecretStr(product_database_url)}
    )
    ledger = Money(settings, site.life.lanes)
    booked = ledger.book_release_jobs()
    assert booked.charges >= 2
    assert ledger.book_release_jobs().charges == 0
    today = datetime.now(UTC).date()
    lines = {x.name: x for x in ledger.costs(Grouping.KIND, today - timedelta(days=1), today)}
    assert set(lines) == {"training", "evaluation"}
    assert sum(line.list_cost_usd for line in lines.values()) == pytest.approx(
        booked.list_cost_usd, abs=1e-8
    )
    assert all(line.is_emulated and not line.billed_cost_usd for line in lines.values())
    ledger.database.close()


def test_a_job_whose_program_fails_is_refused_for_good(site: ReleaseSite) -> None:
    site.life.objects.write_text("s3://steps-models/broken/documents.jsonl", "{}\n")
    request = TrainingRequest(
        name="steps-broken",
        data_prefix="s3://steps-models/broken/",
        output_prefix="s3://steps-models/training-jobs",
        parameters={"method": "linear"},
        tags={},
    )
    with pytest.raises(ReleaseRejected, match="not a labelled document"):
        site.life.training_jobs.run(request)
    with pytest.raises(ReleaseFailed, match="is gone"):
        site.life.evaluation_jobs.is_done("never-made")


def test_a_run_is_opened_once_and_may_fail(tracking_uri: str) -> None:
    runs = MlflowReleaseRuns(tracking_uri)
    opened = runs.open_run("other", "abc", {"reason": ""})
    assert runs.open_run("other", "abc", {"reason": ""}) == opened
    nested = runs.log_trial(opened, "linear", {"c": "1"}, {"f1/Sci & Tech!": 0.5}, {})
    assert runs.log_trial(opened, "linear", {"c": "1"}, {"f1/Sci & Tech!": 0.6}, {}) == nested
    runs.note_failure(opened, "no data")
    runs.close_run(opened, succeeded=False, tags={})
    (found,) = search_runs(tracking_uri, "tags.`twolane.failure` = 'no data'")
    assert found["info"]["status"] == "FAILED"
    assert runs.has_failure(opened)
    runs.forget_failure(opened)
    runs.forget_failure(opened)
    runs.reopen_run(opened)
    runs.reopen_run(opened)
    assert not runs.has_failure(opened)
    assert search_runs(tracking_uri, "tags.`twolane.failure` = 'no data'") == []
    (found,) = search_runs(tracking_uri, "tags.`twolane.release` = 'abc'")
    assert found["info"]["status"] == "RUNNING"
    assert runs.run_url(opened).endswith(f"/runs/{opened}")


def test_an_absent_server_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    runs = MlflowReleaseRuns("http://127.0.0.1:9")
    with pytest.raises(ReleaseFailed, match="opening the run of release abc"):
        runs.open_run("other", "abc", {})


def search_runs(tracking_uri: str, query: str) -> list[dict[str, Any]]:
    body = json.dumps({"experiment_ids": ["0", "1", "2", "3"], "filter": query}).encode()
    request = urllib.request.Request(
        f"{tracking_uri}/api/2.0/mlflow/runs/search",
        data=body,
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request) as response:
        return list(json.load(response).get("runs", []))


def test_the_products_own_policy_can_be_read() -> None:
    settings = Settings(database_url="postgresql://unused")  # type: ignore[arg-type]
    assert Path(settings.candidates_file).exists()
    assert Path(settings.gates_file).exists()


def test_the_catalogues_example_is_released_from_its_csv(site: ReleaseSite) -> None:
    request = ReleaseRequest("review-sentiment", "", ("linear",), reason="a test", by="test")
    evidence, findings = site.walk(request)
    assert evidence.plan().request.data_uri.endswith("/reviews.csv")
    assert evidence.plan().data.labels == ("negative", "positive")
    assert findings.quality.documents == evidence.plan().data.test_documents > 20
    version = site.life.aliases.published("review-sentiment", findings.model.version)
    assert version.card.labels == ("negative", "positive")
    assert site.life.objects.exists(version.artifact_url)
