"""`python -m include.cli.release [--model NAME]`: train, register, publish and deploy a model.

A model of the catalogue brings its labelled documents; any other needs `--data`. A bundle of the
catalogue is made of its models' champions.

The first version of a model becomes its champion, each further one the challenger: what stands is
not replaced without evidence. Harmless to run again: what is already there is found and left as it
is.
"""

from __future__ import annotations

import argparse
import json
import re
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NoReturn

from include.cli.release_site import reads, release_ports, timed_report
from include.domain.batches.submission_rules import MODEL_NAME_PATTERN
from include.domain.errors import TwolaneError
from include.domain.model_ref import ModelRef
from include.domain.release.catalog import (
    BundleEntry,
    Catalog,
    CatalogError,
    ModelEntry,
    load_catalog,
)
from include.pipeline.versions.ports import Candidate
from include.pipeline.versions.release_model import (
    ReleasePlan,
    ReleasePorts,
    deploy_model,
    register_and_publish,
    release_model,
)
from include.wiring.batches.bootstrap import Twolane, twolane
from include.wiring.models.training_code import code_digest

ROOT = Path(__file__).resolve().parents[2]
TRIVIAL_LABELS = ("a", "b", "c", "d")
"""Of the hash model, where the catalogue does not say."""
TRIVIAL_ALIAS = "trivial"
OPERATOR = "python -m include.cli.release"
"""Who promotes, as the history shows it."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code: 0 done, 1 failed with one line on stderr."""
    options = _parser().parse_args(arguments)
    report = timed_report()
    try:
        app = twolane()
        with tempfile.TemporaryDirectory(prefix="release-") as scratch:
            plan = _plan(options, app, Path(scratch))
            ports = release_ports(plan.model_name, options.instance_type, report, by=OPERATOR)
            release = _release_trivial if options.trivial else release_model
            model, url = release(plan, ports)
        if options.deploy and not options.trivial:
            deploy_model(model, url, app.endpoint, report)
    except TwolaneError as exc:
        print(f"release failed: {exc}", file=sys.stderr, flush=True)  # noqa: T201
        return 1
    report(f"{model.label} is ready ({url})")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m include.cli.release", description=__doc__)
    parser.add_argument("--model", help="registered name, by default TWOLANE_MODEL_NAME")
    parser.add_argument(
        "--data", type=Path, help="labelled JSON Lines or CSV, by default the catalogue's"
    )
    parser.add_argument(
        "--alias",
        default="champion",
        help="alias for the new version; where there is a champion, challenger instead of that",
    )
    parser.add_argument("--instance-type", default="ml.m5.large", help="where training runs")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        dest="parameters",
        help="a hyperparameter; may be given again",
    )
    parser.add_argument(
        "--no-deploy",
        action="store_false",
        dest="deploy",
        help="leave the endpoint of a version alone that does not become champion",
    )
    parser.add_argument(
        "--trivial",
        action="store_true",
        help=f"register the hash model under alias {TRIVIAL_ALIAS}: it answers without a "
        "transformer, for measuring everything around the model",
    )
    return parser


def _plan(options: argparse.Namespace, app: Twolane, scratch: Path) -> ReleasePlan:
    parameters: dict[str, str] = {}
    for pair in options.parameters:
        name, equals, value = pair.partition("=")
        if not equals:
            _usage(f"--set {pair}: expected NAME=VALUE")
        parameters[name] = value
    name = options.model or app.settings.model_name
    if not re.fullmatch(MODEL_NAME_PATTERN, name):
        _usage(f"--model {name}: lower-case letters, digits and single dashes, 32 at the most")
    catalog = load_catalog()
    entry = catalog.models.get(name)
    defaults = reads(entry.max_tokens) if entry else {}
    if options.trivial:
        data = options.data or Path(__file__)  # the hash model learns nothing
    elif bundle := catalog.bundles.get(name):
        data = _bundled(bundle, catalog, app, scratch)
        defaults = {"method": "bundle", **reads(catalog.model(bundle.heads[0]).max_tokens)}
    else:
        data = options.data or _catalogued_data(name, entry)
    if not data.is_file():
        _usage(f"--data {data}: no such file")
    return ReleasePlan(
        model_name=name,
        alias=TRIVIAL_ALIAS if options.trivial else options.alias,
        models_bucket=app.settings.models_bucket,
        data=data,
        code_digest=code_digest(),
        parameters=defaults | parameters,
    )


def _bundled(bundle: BundleEntry, catalog: Catalog, app: Twolane, scratch: Path) -> Path:
    from include.pipeline.release.pack_bundle import pack_bundle

    documents = {head: ROOT / catalog.model(head).data for head in bundle.heads}
    return pack_bundle(bundle, documents, scratch, registry=app.registry, objects=app.objects)


def _catalogued_data(name: str, entry: ModelEntry | None) -> Path:
    if entry is None:
        raise CatalogError(f"model {name} is not in the catalogue: give it documents with --data")
    return ROOT / entry.data


def _usage(message: str) -> NoReturn:
    _parser().error(message)


def _release_trivial(plan: ReleasePlan, ports: ReleasePorts) -> tuple[ModelRef, str]:
    """Register and publish the hash model; nothing is trained."""
    description: dict[str, Any] = {
        "name": plan.model_name,
        "format": "hash",
        **_trivial_labels(plan.model_name),
        "max_tokens": 16,
        "max_characters": 4096,
    }
    digest = plan.training_digest("hash")
    known = ports.registry.find(plan.model_name, digest)
    with tempfile.TemporaryDirectory(prefix="release-") as scratch:
        folder = Path(scratch) / "model"
        folder.mkdir()
        (folder / "model.json").write_text(json.dumps(description, indent=2, sort_keys=True))
        candidate = Candidate(
            name=plan.model_name,
            training_digest=digest,
            folder=folder,
            description=description,
            metrics={},
            parameters={},
            data_uri="",
            data_digest="",
            source="hash",
        )
        return register_and_publish(candidate, known, plan, ports)


def _trivial_labels(name: str) -> dict[str, Any]:
    """The catalogue's labels of the model, and of a bundle's further heads."""
    catalog = load_catalog()
    if bundle := catalog.bundles.get(name):
        first, *further = (catalog.model(head) for head in bundle.heads)
        heads = [{"name": head.name, "labels": list(head.labels)} for head in further]
        return {"labels": list(first.labels), "heads": heads}
    entry = catalog.models.get(name)
    return {"labels": list(entry.labels if entry else TRIVIAL_LABELS)}


if __name__ == "__main__":
    sys.exit(main())
