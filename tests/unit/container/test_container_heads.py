"""Several heads on one pass: each has its labels, and the first one's answer is the document's."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from include.models.serving.artifact import Artifact, ArtifactError, load_artifact
from include.models.serving.backend import batch_policy, load_backend
from include.models.serving.engine import Engine
from include.models.serving.metering import Meter
from include.models.serving.records import Fault, FaultCode, Prediction, Record
from include.models.serving.settings import ContainerSettings

MODEL = {
    "name": "both",
    "format": "hash",
    "labels": ["a", "b", "c"],
    "max_tokens": 8,
    "max_characters": 100,
    "heads": [{"name": "size", "labels": ["large", "small"]}],
}


def artifact(folder: Path, **changes: object) -> Artifact:
    (folder / "model.json").write_text(json.dumps(MODEL | changes))
    return load_artifact(folder)


def answers(folder: Path, found: Artifact) -> list[Prediction | Fault]:
    settings = ContainerSettings.from_environment({})
    engine = Engine(
        load_backend(found, folder, settings),
        found,
        batch_policy(found, settings.budget_tokens),
        Meter(),
        workers=2,
        window_documents=16,
    )
    records = [Record(str(k), f"text {k}") for k in range(50)]
    fault = Fault("bad", FaultCode.EMPTY_TEXT, "text is empty")
    said = list(engine.answers([*records, fault]))
    engine.close()
    return said


def test_a_bundle_answers_as_its_models_do_alone(tmp_path: Path) -> None:
    bundle = answers(tmp_path, artifact(tmp_path))
    first = answers(tmp_path, artifact(tmp_path, heads=[]))
    second = answers(tmp_path, artifact(tmp_path, labels=["large", "small"], heads=[]))

    assert bundle[-1] == first[-1]
    for both, topic, size in zip(bundle[:-1], first[:-1], second[:-1], strict=True):
        assert (both.label, both.score) == (topic.label, topic.score)
        (head,) = both.heads
        assert (head.name, head.label, head.score) == ("size", size.label, size.score)
        assert topic.heads == ()
    assert len({each.heads[0].label for each in bundle[:-1]}) == 2


def test_several_heads_and_a_cascade_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ArtifactError, match="several heads and a cascade"):
        artifact(tmp_path, cascade={"file": "cascade.npz"})
