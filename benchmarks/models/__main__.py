"""`make bench-models [DOCS=file.jsonl]`: from labelled documents to a promoted champion.

    python -m benchmarks.models [FILE] [--candidates linear frozen] [--split-seed 1]

On the running stack: the use cases of the DAG `release_model` without Airflow, as model
`bench-<file>`. Another split tests on other documents, as a model of its own, and tells how much of
a result is chance. Fine-tuning takes the better part of an hour on two cores. Prints accuracy, cost
and speed of every candidate; writes `benchmarks/results/models-<file>.{json,md}` and pictures.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from benchmarks.models.table import figures, table
from benchmarks.models.walk import walk
from include.cli.release_site import timed_report
from include.domain.errors import TwolaneError
from include.pipeline.release.release_records import ReleaseRequest
from include.pipeline.versions.model_archive import file_sha256
from include.wiring.models.model_life import model_life

ROOT = Path(__file__).resolve().parents[2]
RESULTS = ROOT / "benchmarks" / "results"
SAMPLE = ROOT / "include" / "sample" / "news.jsonl"


def main() -> int:
    """Release, promote if the gates allow it, print and keep; return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("documents", type=Path, nargs="?", default=SAMPLE)
    parser.add_argument("--candidates", nargs="+", default=[])
    parser.add_argument("--split-seed", type=int, default=0, help="another split of the documents")
    options = parser.parse_args()
    report = timed_report()

    name, life = options.documents.stem, model_life()
    if options.split_seed:
        name = f"{name}-split-{options.split_seed}"
    digest = file_sha256(options.documents)
    uri = f"s3://{life.settings.models_bucket}/bench-data/{digest[:32]}/{options.documents.name}"
    life.objects.upload(options.documents, uri, "text/plain; charset=utf-8")
    request = ReleaseRequest(
        model_name=f"bench-{name.replace('_', '-').lower()}"[:32],
        data_uri=uri,
        candidates=tuple(options.candidates),
        reason="make bench-models",
        by="make bench-models",
        split_seed=options.split_seed,
    )
    try:
        evidence, findings = walk(life, request, report)
        found = figures(findings, options.documents.stem)
        page = table(found)
        print(f"\n{page}")
        RESULTS.joinpath(f"models-{name}.json").write_text(json.dumps(found, indent=2) + "\n")
        RESULTS.joinpath(f"models-{name}.md").write_text(page)
        for info in life.objects.list_objects(evidence.uri("pictures/")):
            picture = f"models-{name}-{info.uri.rsplit('/', 1)[1]}"
            life.objects.download(info.uri, RESULTS / picture)
        if findings.is_champion:
            report(f"nothing new: {findings.model.label} is the champion")
            return 0
        if not findings.passed:
            print("not promoted: " + "; ".join(findings.failures), file=sys.stderr)
            return 1
        approved = life.approved_promotion(
            evidence.folder, by="make bench-models", reason="the gates passed"
        )
        promotion = life.promote(approved, report)
    except TwolaneError as exc:
        print(f"release failed: {exc}", file=sys.stderr)
        return 1
    report(f"champion of {promotion.model_name} is version {promotion.to_version}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
