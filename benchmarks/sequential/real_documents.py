"""Really trained versions on a stream of real labelled documents: how soon a comparison is sure.

Versions are TF-IDF with logistic regression: they train in seconds, and it is the test that is
measured here, not the model.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from include.domain.comparison.betting import Counts
from include.domain.comparison.comparison import Finding
from include.domain.comparison.sequential_test import Evidence, judge

TRAINING = 3_000
CHAMPION = 1_000
ORDERS, EVERY = 20, 10
"""Streams in so many orders, judged after every so many documents."""

Labels = NDArray[np.str_]


@dataclass(frozen=True, slots=True)
class Stream:
    """A challenger beside the champion, on the documents neither has seen.

    Attributes:
        challenger: how it was trained.
        is_labelled: whether the right labels come back.
        difference: the challenger's accuracy less the champion's, over all the documents.
        differing: share of all documents that get another label.
        findings: how many of the orders ended with each.
        median_documents: until the finding, over the orders with one; None without any.
    """

    challenger: str
    is_labelled: bool
    difference: float
    differing: float
    findings: dict[str, int]
    median_documents: int | None


def measure(file: Path, *, level: float, margin: float) -> list[Stream]:
    """Train the versions on a part of a labelled JSON Lines file, and compare them on the rest."""
    records = [json.loads(line) for line in file.read_text("utf-8").splitlines() if line.strip()]
    rng = np.random.default_rng(0)
    rng.shuffle(records)
    texts = [f"{record.get('title') or ''} {record['text']}" for record in records]
    labels = np.array([str(record["label"]) for record in records])
    live, truth = texts[TRAINING:], labels[TRAINING:]
    champion = _answers(texts[:CHAMPION], labels[:CHAMPION], live)
    streams = []
    for name, answers in _challengers(texts, labels, live, rng):
        for is_labelled in (True, False):
            found = [
                _until_sure(
                    *(each[order] for each in (champion, answers, truth)),
                    is_labelled=is_labelled,
                    level=level,
                    margin=margin,
                )
                for order in (rng.permutation(len(live)) for _ in range(ORDERS))
            ]
            stops = [count for finding, count in found if finding is not Finding.UNDECIDED]
            streams.append(
                Stream(
                    challenger=name,
                    is_labelled=is_labelled,
                    difference=float((answers == truth).mean() - (champion == truth).mean()),
                    differing=float((answers != champion).mean()),
                    findings=dict(Counter(finding.value for finding, _ in found)),
                    median_documents=int(np.median(stops)) if stops else None,
                )
            )
    return streams


def render_streams(streams: Sequence[Stream], file: str, *, level: float, margin: float) -> str:
    """Return the table in Markdown."""
    lines = [
        f"TF-IDF and logistic regression on {file}: the champion trained on {CHAMPION:,} "
        f"documents, the challenger as said, compared on those that neither has seen, in {ORDERS} "
        f"orders, judged after every {EVERY} documents; level {level:g}, margin {margin:g}.",
        "",
        "| challenger trained on | labels come back | accuracy differs by | other label on "
        "| findings | documents, median |",
        "|---|---|---:|---:|---|---:|",
    ]
    for each in streams:
        findings = ", ".join(f"{name} {count}" for name, count in each.findings.items())
        median = f"{each.median_documents:,}" if each.median_documents else "–"
        lines.append(
            f"| {each.challenger} | {'yes' if each.is_labelled else 'no'} | "
            f"{each.difference:+.1%} | {each.differing:.1%} | {findings} | {median} |"
        )
    return "\n".join(lines) + "\n"


def _challengers(
    texts: Sequence[str], labels: Labels, live: Sequence[str], rng: np.random.Generator
) -> Iterator[tuple[str, Labels]]:
    yield f"{TRAINING:,} labels", _answers(texts[:TRAINING], labels[:TRAINING], live)
    yield "300 labels", _answers(texts[:300], labels[:300], live)
    others = slice(CHAMPION, 2 * CHAMPION)
    yield "another 1,000 labels", _answers(texts[others], labels[others], live)
    yield "the champion's, 1 % fewer", _answers(texts[10:CHAMPION], labels[10:CHAMPION], live)
    shuffled = labels[:CHAMPION].copy()
    chosen = rng.choice(CHAMPION, size=3 * CHAMPION // 10, replace=False)
    shuffled[chosen] = rng.permutation(shuffled[chosen])
    yield "the champion's, 30 % shuffled", _answers(texts[:CHAMPION], shuffled, live)


def _answers(texts: Sequence[str], labels: Labels, live: Sequence[str]) -> Labels:
    model = make_pipeline(TfidfVectorizer(sublinear_tf=True), LogisticRegression(C=10.0))
    answers: Labels = model.fit(texts, labels).predict(live)
    return answers


def _until_sure(
    champion: Labels,
    challenger: Labels,
    truth: Labels,
    *,
    is_labelled: bool,
    level: float,
    margin: float,
) -> tuple[Finding, int]:
    """Return the first finding on a stream and after how many documents."""
    differing = (champion != challenger).cumsum()
    lower = ((champion == truth) & (challenger != truth)).cumsum()
    higher = ((challenger == truth) & (champion != truth)).cumsum()
    for count in range(EVERY, len(truth) + 1, EVERY):
        at = count - 1
        labelled = Counts(int(lower[at]), count - int(lower[at]) - int(higher[at]), int(higher[at]))
        evidence = Evidence(
            count - int(differing[at]), int(differing[at]), labelled if is_labelled else Counts()
        )
        finding = judge(evidence, level=level, margin=margin)
        if finding is not Finding.UNDECIDED:
            return finding, count
    return Finding.UNDECIDED, len(truth)
