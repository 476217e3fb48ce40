"""Make a case from a JSON Lines file; runs in the training environment.

    PYTHONPATH=.:include/models .twolane/venvs/training/bin/python -m benchmarks.engine.prepare \
        DOCUMENTS.jsonl MAX_TOKENS BUDGET_TOKENS FOLDER

The model is trained by the product's own `fit`: on documents of the file that are not measured
where they are labelled, else on the product's sample.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file
from serving.artifact import load_artifact
from serving.pretrained import HEAD_FILE, weights_folder
from tokenizers import Tokenizer
from training.encoder import Encoder, run_fp32
from training.parameters import TrainingParameters
from training.train import fit

from benchmarks.engine.case import Case, CaseFiles
from benchmarks.engine.documents import Document, parse, spread, within_budget
from benchmarks.engine.limits import EncoderWork

SAMPLE = Path(__file__).parents[2] / "include" / "sample" / "news.jsonl"
TRAINED_ON, LEAST_TRAINED_ON = 2_000, 100
CHARACTERS_PER_TOKEN = 10
"""As the product's default parameters have it."""


def main(argv: Sequence[str]) -> None:
    """Write the case into its folder; `case.json` comes last."""
    documents, max_tokens, budget, files = Path(argv[0]), int(argv[1]), int(argv[2]), Path(argv[3])
    prepare(documents, max_tokens, budget, CaseFiles(files))


def prepare(path: Path, max_tokens: int, budget_tokens: int, files: CaseFiles) -> None:
    """Choose the texts, train, and run the reference."""
    files.folder.mkdir(parents=True, exist_ok=True)
    found = spread(parse(path.read_text(encoding="utf-8").splitlines()))
    tokenizer = Tokenizer.from_file(str(weights_folder() / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.no_truncation()
    whole = [len(ids) for ids in tokenizer.encode_batch_fast([d.text for d in found])]
    lengths = [min(length, max_tokens) for length in whole]
    count = within_budget(lengths, budget_tokens)
    if any(d.label is not None for d in found):
        count = min(count, max(len(found) // 2, 1))  # the others are trained on
    measured, rest = found[:count], found[count:]
    parameters = TrainingParameters(
        max_tokens=max_tokens, max_characters=CHARACTERS_PER_TOKEN * max_tokens
    )
    trained_on = _channel(rest, files.folder / "channel")
    shutil.rmtree(files.model, ignore_errors=True)
    fit(files.folder / "channel", files.model, parameters, os.environ)
    labels = load_artifact(files.model).labels
    head = load_file(files.model / HEAD_FILE)
    np.savez(files.head, weight=head["weight"].T, bias=head["bias"])
    encoder = Encoder.load(weights_folder(), max_tokens)
    tokens = encoder.tokenize([d.text for d in measured])
    np.save(files.reference, run_fp32(encoder.embedding_model(), tokens, max_tokens))
    _copy_encoder(weights_folder(), files.encoder, max_tokens)
    texts = json.dumps([d.text for d in measured])
    (files.folder / "texts.json").write_text(texts, encoding="utf-8")
    config = json.loads((weights_folder() / "config.json").read_text(encoding="utf-8"))
    Case(
        name=path.stem,
        max_tokens=max_tokens,
        labels=labels,
        documents=count,
        tokens=sum(lengths[:count]),
        truncated=sum(length > max_tokens for length in whole[:count]),
        flop=EncoderWork.from_config(config).flop(lengths[:count]),
        truth=_truth(measured, labels),
        trained_on=trained_on,
    ).save(files.folder)


def _channel(rest: Sequence[Document], folder: Path) -> int:
    """Write the training channel; returns how many documents it holds."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    labelled = [d for d in rest if d.label is not None][:TRAINED_ON]
    target = folder / "documents.jsonl"
    if len(labelled) < LEAST_TRAINED_ON:
        shutil.copyfile(SAMPLE, target)
        return len(target.read_text(encoding="utf-8").splitlines())
    lines = [json.dumps({"id": d.id, "text": d.text, "label": d.label}) for d in labelled]
    target.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return len(labelled)


def _truth(measured: Sequence[Document], labels: Sequence[str]) -> tuple[int, ...] | None:
    place = {label: index for index, label in enumerate(labels)}
    if any(d.label not in place for d in measured):
        return None
    return tuple(place[str(d.label)] for d in measured)


def _copy_encoder(source: Path, target: Path, max_tokens: int) -> None:
    """The weights' folder with every file that truncates set to `max_tokens`."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("*.md", "data_config.json"))
    for name, key in (
        ("sentence_bert_config.json", "max_seq_length"),
        ("tokenizer_config.json", "model_max_length"),
    ):
        value = json.loads((target / name).read_text(encoding="utf-8"))
        (target / name).write_text(json.dumps(value | {key: max_tokens}), encoding="utf-8")
    tokenizer = Tokenizer.from_file(str(target / "tokenizer.json"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(max_tokens)
    tokenizer.save(str(target / "tokenizer.json"))


if __name__ == "__main__":
    main(sys.argv[1:])
