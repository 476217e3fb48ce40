"""Scenario files, and how a fault chooses what it falls upon."""

import json
from pathlib import Path
from typing import Any

import pytest

from local_aws.faults.registry import Faults
from local_aws.faults.scenario import FaultKind, Scenario, Target
from local_aws.faults.scenario_file import ScenarioError, load_scenario, parse_scenario
from local_aws.sagemaker.faults.container_faults import WrittenRecords
from tests.support.faults import SCENARIOS

CALL = Target(operation="InvokeEndpoint", resource="twolane-7")


def applied(*entries: dict[str, Any], seed: int = 0) -> Faults:
    faults = Faults()
    faults.apply(parse_scenario({"seed": seed, "faults": list(entries)}))
    return faults


def hits(faults: Faults, count: int, target: Target = CALL) -> list[bool]:
    return [faults.hit(FaultKind.THROTTLE, target) is not None for _ in range(count)]


@pytest.mark.parametrize("path", sorted(SCENARIOS.glob("*.toml")), ids=lambda path: path.stem)
def test_every_sample_is_understood(path: Path) -> None:
    assert load_scenario(path).faults


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        ({"kind": "throttel"}, r"faults\[0\]: 'kind' is 'throttel'; it is one of throttle"),
        ({"kind": "throttle", "tims": 1}, r"unknown key 'tims'; known: .*times"),
        ({"kind": "throttle", "host": "algo-1"}, "unknown key 'host'"),
        ({"kind": "throttle", "times": "often"}, "'times' cannot be 'often'"),
        ({"kind": "throttle", "times": True}, "'times' cannot be True"),
        ({"kind": "throttle", "probability": 2}, "from 0 to 1"),
        ({"kind": "throttle", "start_s": 5, "end_s": 5}, "'end_s' comes after"),
        ({"kind": "crash"}, "either 'at_record' or 'after_s'"),
        ({"kind": "crash", "at_record": 1, "after_s": 1}, "either 'at_record' or 'after_s'"),
        ({"kind": "slow_start"}, "'delay_s' is more than 0"),
        ({"kind": "model_error", "status": 200}, "from 400 to 599"),
        ({"kind": "stale_metric", "mode": "lie"}, "drop or freeze"),
    ],
)
def test_a_mistake_is_named(entry: dict[str, Any], message: str) -> None:
    with pytest.raises(ScenarioError, match=message):
        parse_scenario({"faults": [entry]})


def test_json_and_toml_say_the_same_and_errors_name_the_file(tmp_path: Path) -> None:
    toml, text, bad = tmp_path / "one.toml", tmp_path / "one.json", tmp_path / "bad.toml"
    toml.write_text('[[faults]]\nkind = "throttle"\ntimes = 3\n')
    text.write_text(json.dumps({"faults": [{"kind": "throttle", "times": 3}]}))
    bad.write_text('[[fault]]\nkind = "throttle"\n')

    assert load_scenario(toml) == load_scenario(text)
    assert load_scenario(toml).name == "one"
    with pytest.raises(ScenarioError, match=r"bad\.toml: scenario: unknown key 'fault'"):
        load_scenario(bad)
    with pytest.raises(ScenarioError, match=r"none\.toml"):
        load_scenario(tmp_path / "none.toml")


def test_skip_and_times_count_matches_alone() -> None:
    faults = applied({"kind": "throttle", "resource": "twolane-*", "skip": 2, "times": 2})

    other = Target(operation="InvokeEndpoint", resource="mine")
    assert hits(faults, 3, other) == [False] * 3
    assert hits(faults, 6) == [False, False, True, True, False, False]
    status = faults.status()
    assert [(each["matched"], each["hits"]) for each in status["faults"]] == [(4, 2)]
    assert [hit["resource"] for hit in status["hits"]] == ["twolane-7"] * 2


def test_a_seed_repeats_the_same_hits() -> None:
    entry = {"kind": "throttle", "probability": 0.5, "times": 0}

    first, again, other = (hits(applied(entry, seed=seed), 50) for seed in (1, 1, 2))

    assert first == again != other
    assert 10 < sum(first) < 40


def test_a_window_that_has_not_begun_hits_nothing() -> None:
    assert hits(applied({"kind": "throttle", "times": 0, "start_s": 3600}), 3) == [False] * 3


def test_a_claim_is_promised_once_and_given_back_unused() -> None:
    faults = applied({"kind": "crash", "at_record": 5})

    first = faults.claim(FaultKind.CRASH, Target(), key="a")
    assert first is not None
    assert faults.claim(FaultKind.CRASH, Target(), key="b") is None
    first.release()
    assert faults.claim(FaultKind.CRASH, Target(), key="a") is None  # has had its chance
    second = faults.claim(FaultKind.CRASH, Target(), key="c")
    assert second is not None
    second.fire("at 5")

    assert second.is_void
    assert [hit["detail"] for hit in faults.status()["hits"]] == ["at 5"]
    assert faults.claim(FaultKind.CRASH, Target(), key="d") is None


def test_clearing_voids_what_is_promised() -> None:
    faults = applied({"kind": "crash", "at_record": 5})
    claim = faults.claim(FaultKind.CRASH, Target())
    assert claim is not None

    faults.apply(Scenario("none", ()))

    assert claim.is_void
    claim.fire()
    assert faults.status()["hits"] == []


def test_records_are_counted_from_new_lines_through_a_rename(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "old").write_text("one\ntwo\n")
    written = WrittenRecords([out, tmp_path / "absent"])
    assert written.count() == 0

    with (out / ".part").open("w") as stream:
        stream.write("a\nb\nhal")
        stream.flush()
        assert written.count() == 2
        stream.write("f\n")
    (out / ".part").rename(out / "whole")

    assert written.count() == 3
    assert written.count() == 3
