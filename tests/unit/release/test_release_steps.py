"""A release from data to verdict: nothing leaks, nothing is made twice, all of it is evidence."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import pytest

from include.domain.errors import (
    BucketNotAllowed,
    PromotionRefused,
    ReleaseFailed,
    ReleaseRejected,
)
from include.domain.lanes import Lane
from include.domain.release.split import is_tested
from include.domain.release.verdict import parse_verdict
from include.pipeline.release.approve_release import approved_promotion, failed_gates
from include.pipeline.release.evaluate_release import advance_evaluations
from include.pipeline.release.fail_release import fail_release
from include.pipeline.release.measured_hardware import measured_hardware, not_measured
from include.pipeline.release.release_report import write_report
from include.pipeline.release.train_trial import TrialPorts, advance_trial
from include.pipeline.versions.model_archive import unpack_archive
from tests.support.batches import profile
from tests.unit.release.conftest import BUCKET, DATA, PLAN, Surroundings


def texts(world: Surroundings, prefix: str) -> set[str]:
    lines = world.objects.read_text(f"{prefix}documents.jsonl").splitlines()
    return {json.loads(line)["text"] for line in lines}


def test_what_is_tested_goes_into_no_training_job(world: Surroundings) -> None:
    data = world.prepare("linear").plan().data
    fit, test = texts(world, data.fit_prefix), texts(world, data.test_prefix)
    assert not fit & test
    assert len(fit) + len(test) == 2000
    assert len(test) == pytest.approx(400, abs=80)
    assert all(is_tested(text, PLAN.test_percent) for text in test)
    content = world.objects.objects[f"{data.fit_prefix}documents.jsonl"]
    assert data.fit_digest == hashlib.sha256(content).hexdigest()


def test_another_seed_is_another_split_and_jobs_are_told(world: Surroundings) -> None:
    first, other = (world.prepare("linear", split_seed=seed).plan() for seed in (0, 7))
    tested = [texts(world, plan.data.test_prefix) for plan in (first, other)]
    assert len(tested[0] & tested[1]) < 0.5 * min(map(len, tested))
    assert not tested[1] & texts(world, other.data.fit_prefix)
    assert {trial.parameters.get("split_seed") for trial in other.trials} == {"7"}
    assert "split_seed" not in first.trials[0].parameters


def test_a_text_that_stands_twice_is_on_one_side_and_keeps_it(world: Surroundings) -> None:
    world.put([f"text {n}" for n in range(500)] + [f"TEXT  {n} " for n in range(500)])
    data = world.prepare("linear").plan().data
    fit = {" ".join(text.lower().split()) for text in texts(world, data.fit_prefix)}
    test = {" ".join(text.lower().split()) for text in texts(world, data.test_prefix)}
    assert not fit & test
    world.put([f"text {n}" for n in range(1000)])
    later = world.prepare("linear").plan().data
    assert test <= texts(world, later.test_prefix)


def test_the_same_is_the_same_release_and_trains_once(world: Surroundings) -> None:
    evidence, findings = world.walk("linear", "frozen")
    again, same = world.walk("linear", "frozen")
    assert again.folder == evidence.folder
    assert same.model == findings.model
    assert len(world.training.requests) == len(evidence.plan().trials) == 4
    assert len(world.evaluations.requests) == 2
    assert len(world.releases.candidates) == 1


def test_who_runs_it_again_reads_their_own_reason(world: Surroundings) -> None:
    world.walk("linear")
    evidence = world.prepare("linear", reason="other gates")
    assert "reason: other gates" in write_report(world.judge(evidence), "")


def test_a_release_that_failed_stays_open_while_a_job_of_it_runs_and_goes_on_when_asked_again(
    world: Surroundings,
) -> None:
    evidence = world.prepare("linear")
    first, second = evidence.plan().trials
    run = world.tracking.runs[evidence.plan().run_id]
    ports = TrialPorts(world.training, world.tracking)
    assert not advance_trial(evidence, second, models_bucket=BUCKET, ports=ports)
    world.training.failing.append(ReleaseFailed("out of memory"))
    with pytest.raises(ReleaseFailed):
        advance_trial(evidence, first, models_bucket=BUCKET, ports=ports)

    fail_release(evidence, "train: out of memory", world.tracking)
    assert run["failure"] == "train: out of memory"
    assert "succeeded" not in run, "its other job would count as nobody's"

    assert advance_trial(evidence, second, models_bucket=BUCKET, ports=ports)
    assert run["succeeded"] is False, "nothing of it is under way any more"

    assert world.prepare("linear").folder == evidence.folder
    assert "failure" not in run
    assert "succeeded" not in run


def test_a_release_whose_failed_step_is_cleared_goes_on_and_forgets_its_failure(
    world: Surroundings,
) -> None:
    evidence = world.prepare("linear")
    run = world.tracking.runs[evidence.plan().run_id]
    fail_release(evidence, "train: no such role", world.tracking)
    assert run["succeeded"] is False
    ports = TrialPorts(world.training, world.tracking)
    first, _ = evidence.plan().trials
    assert not advance_trial(evidence, first, models_bucket=BUCKET, ports=ports)
    assert "succeeded" not in run, "its job would count as nobody's"

    world.train(evidence)
    fail_release(evidence, "evaluate: no such image", world.tracking)
    assert not advance_evaluations(evidence, world.evaluations, world.tracking)
    assert "succeeded" not in run

    world.evaluate(evidence)
    world.judge(evidence)
    assert run["succeeded"] is True
    assert "failure" not in run


def test_other_instances_prices_or_engines_are_measured_anew(world: Surroundings) -> None:
    folders = {world.prepare("linear").folder}
    world.profiles[0] = profile(Lane.PROCESSING, instance_type="ml.c7i.large")
    folders.add(world.prepare("linear").folder)
    world.profiles[1] = profile(Lane.TRANSFORM, price_usd_per_h=2.0)
    folders.add(world.prepare("linear").folder)
    world.serving_digest = "t" * 64
    folders.add(world.prepare("linear").folder)
    assert len(folders) == 4
    assert len({world.prepare("linear").folder} | folders) == 4


def test_another_champion_code_or_data_is_another_release(world: Surroundings) -> None:
    folders = {world.prepare("linear").folder}
    world.has_champion()
    folders.add(world.prepare("linear").folder)
    world.code_digest = "e" * 64
    folders.add(world.prepare("linear").folder)
    world.put([f"other {n}" for n in range(400)])
    folders.add(world.prepare("linear").folder)
    assert len(folders) == 4


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ('{"id": "1", "text": "x"}', "label"),
        ("no json", "labelled"),
        ('{"id": "1", "text": "x", "label": "a"}', "both are needed"),
        ('{"id": "1", "text": "x", "label": "a"}\n' * 2, "stands twice"),
    ],
)
def test_data_that_will_not_do_are_refused_for_good(
    world: Surroundings, line: str, complaint: str
) -> None:
    world.objects.put(DATA, line)
    with pytest.raises(ReleaseRejected, match=complaint):
        world.prepare("linear")


def test_data_of_another_bucket_are_not_read(world: Surroundings) -> None:
    with pytest.raises(BucketNotAllowed):
        world.prepare("linear", data_uri="s3://elsewhere/x.jsonl")


def test_the_best_trial_of_the_search_is_evaluated(world: Surroundings) -> None:
    world.training.accuracy = {"128": 0.7, "256": 0.9}
    world.walk("frozen")
    uri = world.evaluations.requests[0].models["frozen"]
    (chosen,) = [r for r in world.training.requests if r.name in uri]
    assert chosen.parameters["max_tokens"] == "256"


def test_a_failed_job_is_tried_anew_when_asked_again(world: Surroundings) -> None:
    evidence = world.prepare("linear")
    world.training.failing = [ReleaseFailed("no capacity")]
    with pytest.raises(ReleaseFailed, match="no capacity"):
        world.train(evidence)
    world.train(evidence)
    first = evidence.plan().trials[0].parameters
    assert [r.parameters for r in world.training.requests].count(first) == 2


def test_hardware_classes_never_measure_each_other(world: Surroundings) -> None:
    evidence = world.prepare("linear")
    world.train(evidence)
    assert not advance_evaluations(evidence, world.evaluations, world.tracking)
    assert len(world.evaluations.requests) == 1
    world.evaluate(evidence)
    types = [request.instance_type for request in world.evaluations.requests]
    assert types == [each.instance_type for each in evidence.plan().hardware]


def test_one_job_gives_both_the_cascade_and_the_encoder_alone(world: Surroundings) -> None:
    world.figures = {"cascade": {"low": -0.02, "documents_per_s": 2000.0, "accuracy": 0.88}}
    world.walk("fine-tune", "cascade")
    (request,) = {r.name: r for r in world.training.requests}.values()
    config = json.loads(world.objects.read_text(world.evaluations.requests[0].config_uri))
    assert config["models"] == {"fine-tune": {"cascade": False}, "cascade": {"cascade": True}}
    assert len(set(world.evaluations.requests[0].models.values())) == 1
    assert request.parameters["cascade_folds"] == "3"


@pytest.mark.parametrize("key", ["fine-tune", "cascade"])
def test_the_encoder_alone_is_published_without_the_cascade(
    world: Surroundings, tmp_path: Path, key: str
) -> None:
    other = "cascade" if key == "fine-tune" else "fine-tune"
    world.figures = {other: {"accuracy": 0.5, "low": -0.4}}
    _, findings = world.walk("fine-tune", "cascade")
    assert findings.proposal.key == key
    archive = tmp_path / "model.tar.gz"
    world.objects.download("s3://twolane-models/topics/1/model.tar.gz", archive)
    unpack_archive(archive, tmp_path / "model")
    description = json.loads((tmp_path / "model" / "model.json").read_text())
    assert ("cascade" in description) is (key == "cascade")
    assert (tmp_path / "model" / "cascade.npz").exists() is (key == "cascade")


def test_without_the_evidence_for_a_cascade_there_is_none_to_compare(world: Surroundings) -> None:
    world.training.with_cascade = False
    world.walk("fine-tune", "cascade")
    assert list(world.evaluations.requests[0].models) == ["fine-tune"]
    evidence = world.prepare("cascade")
    world.train(evidence)
    with pytest.raises(ReleaseRejected, match="no cascade"):
        world.evaluate(evidence)


def test_the_proposal_becomes_challenger_with_all_of_its_evidence(world: Surroundings) -> None:
    world.has_champion()
    world.figures = {"linear": {"documents_per_s": 50_000.0}}
    evidence, findings = world.walk("linear", "frozen")
    assert findings.proposal.key == "linear"
    assert findings.passed, findings.failures
    assert world.aliases.aliases("topics")["challenger"] == findings.model.version
    tags = world.aliases.version_tags["topics", findings.model.version]
    assert tags["twolane.evidence"] == evidence.folder
    assert tags["twolane.gates"] == "passed"
    verdict = parse_verdict(evidence.read("verdict.json"), source="test")
    assert verdict.passed
    assert (verdict.version, verdict.digest) == (findings.model.version, findings.model.digest)
    run = world.tracking.runs[evidence.plan().run_id]
    assert {"report.md", "verdict.json", "evaluation-cpu.json", "pictures/linear.png"} <= set(
        run["files"]
    )
    assert run["metrics"]["champion/accuracy"] == 0.9
    assert run["succeeded"]
    assert world.objects.exists(evidence.uri("pictures/linear.png"))
    nested = world.tracking.runs[f"{evidence.plan().run_id}/linear-1"]
    assert nested["metrics"]["test/linear/accuracy"] == 0.9


def test_a_release_that_ends_at_the_champion_itself_leaves_it_as_it_is(
    world: Surroundings,
) -> None:
    _, first = world.walk("linear")
    world.has_champion(version=first.model.version)
    world.aliases.point("topics", "challenger", "7")
    tags = dict(world.aliases.version_tags["topics", first.model.version])
    evidence, second = world.walk("linear")
    assert second.is_champion
    assert second.model == first.model
    assert world.aliases.aliases("topics")["challenger"] == "7"
    assert world.aliases.version_tags["topics", first.model.version] == tags
    assert "**Nothing new:** this version is the champion." in evidence.read("report.md")


def test_a_failed_gate_is_named_with_by_how_much(world: Surroundings) -> None:
    world.has_champion()
    world.figures = {"linear": {"low": -0.05}}
    evidence, findings = world.walk("linear")
    assert not findings.passed
    assert any("missed by 4.00" in sentence for sentence in failed_gates(evidence))
    assert world.aliases.version_tags["topics", findings.model.version]["twolane.gates"] == "failed"


def test_labels_of_the_documents_do_not_change_unasked(world: Surroundings) -> None:
    world.has_champion(labels=("a", "c"))
    with pytest.raises(
        ReleaseRejected, match=r"labels a, b; champion version 8 answers with a, c: .*may_change"
    ):
        world.prepare("linear")
    assert not world.training.requests
    world.labels_may_change = True
    evidence, _ = world.walk("linear")
    world.labels_may_change = False
    assert "Labels may not change, and do" in " ".join(world.judge(evidence).failures)


def test_documents_of_a_catalogued_model_have_its_labels(world: Surroundings) -> None:
    assert world.prepare("linear", labels=("a", "b"))
    with pytest.raises(ReleaseRejected, match=r"labels a, b; the catalogue's of topics are a, z"):
        world.prepare("linear", labels=("a", "z"))


def test_a_champion_of_other_labels_is_not_compared_and_said(world: Surroundings) -> None:
    world.has_champion(labels=("a", "c"))
    world.labels_may_change = True
    evidence, findings = world.walk("linear")
    assert "champion" not in world.evaluations.requests[0].models
    report = evidence.read("report.md")
    assert "Champion: version 8, not compared" in report
    assert "There is no champion to compare with (version 8 answers with a, c" in report
    assert findings.passed
    approved = approved_promotion(evidence, world.aliases, by="ada", reason="new labels")
    assert approved.version == findings.model.version


def test_what_was_approved_is_promoted_with_who_and_why(world: Surroundings) -> None:
    world.has_champion()
    evidence, findings = world.walk("linear")
    approved = approved_promotion(evidence, world.aliases, by="ada", reason="good enough")
    assert (approved.by, approved.reason) == ("ada", "good enough")
    assert approved.version == findings.model.version
    assert approved.evidence_uri == evidence.folder


def test_an_approval_of_a_comparison_with_another_champion_is_refused(world: Surroundings) -> None:
    world.has_champion()
    evidence, _ = world.walk("linear")
    world.aliases.point("topics", "champion", "7")
    with pytest.raises(PromotionRefused, match="judged against version 8, but champion is version"):
        approved_promotion(evidence, world.aliases, by="ada", reason="late")


def test_a_lane_whose_instances_are_not_measured_is_told() -> None:
    profiles = [
        profile(Lane.SERVERLESS),
        profile(Lane.PROCESSING),
        profile(Lane.TRANSFORM),
        profile(Lane.SPOT, instance_type="ml.transform"),
        profile(Lane.ASYNC_ENDPOINT, instance_type="ml.g5.xlarge"),
    ]

    found = not_measured(measured_hardware(PLAN.hardware, profiles), profiles)

    assert list(found) == ["lane async_endpoint"]
    assert found["lane async_endpoint"].startswith("ml.g5.xlarge is no hardware class")
    with pytest.raises(ReleaseRejected, match="no lane transform"):
        measured_hardware(PLAN.hardware, profiles[:2])
