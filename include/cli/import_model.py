"""`python -m include.cli.import_model`: register and serve a classifier that was trained elsewhere.

From a folder of Hugging Face's `save_pretrained`, or from a model of MLflow's transformers flavour.
BERT, RoBERTa and DistilBERT are read. It goes the way of every release: converted and checked by a
training job, registered, and made champion where the model has none yet, else challenger.
"""

from __future__ import annotations

import argparse
import json
import re
import shutil
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from include.cli.release_site import reads, release_ports, timed_report
from include.domain.batches.submission_rules import MODEL_NAME_PATTERN
from include.domain.errors import ReleaseFailed, TwolaneError
from include.domain.release.catalog import MIN_TOKENS
from include.pipeline.release.labelled_files import read_labelled
from include.pipeline.versions.hugging_face import PretrainedFiles, look_at
from include.pipeline.versions.model_archive import pack_archive
from include.pipeline.versions.release_model import ReleasePlan, deploy_model, release_model
from include.wiring.batches.bootstrap import twolane
from include.wiring.models.training_code import code_digest

SAMPLE = Path(__file__).resolve().parents[1] / "sample" / "news.jsonl"
ARCHIVE = "pretrained.tar.gz"
MAX_TOKENS = 256
OPERATOR = "python -m include.cli.import_model"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; return its exit code: 0 done, 1 failed with one line on stderr."""
    parser = _parser()
    options = parser.parse_args(arguments)
    if not re.fullmatch(MODEL_NAME_PATTERN, options.name):
        parser.error(f"--name {options.name}: lower-case letters, digits, single dashes; up to 32")
    report = timed_report()
    try:
        app = twolane()
        with tempfile.TemporaryDirectory(prefix="import-") as scratch:
            files = _fetch(options, app.settings.mlflow_tracking_uri, Path(scratch))
            max_tokens = reach(options.max_tokens, files)
            plan = ReleasePlan(
                model_name=options.name,
                alias=options.alias,
                models_bucket=app.settings.models_bucket,
                data=pack(files, options.documents, Path(scratch)),
                code_digest=code_digest(),
                parameters={"method": "import", **reads(max_tokens)},
            )
            report(f"packed {', '.join(files.labels)}; {max_tokens} tokens")
            ports = release_ports(options.name, options.instance_type, report, by=OPERATOR)
            model, url = release_model(plan, ports)
        if options.deploy:
            deploy_model(model, url, app.endpoint, report)
    except TwolaneError as exc:
        print(f"import failed: {exc}", file=sys.stderr, flush=True)  # noqa: T201
        return 1
    report(f"{model.label} is ready ({url})")
    return 0


def reach(wanted: int | None, files: PretrainedFiles) -> int:
    """Return the tokens that are read of a document, `MAX_TOKENS` where it can unless told.

    Raises:
        ReleaseFailed: the model has no positions for so many, or they hold no word.
    """
    if wanted is None:
        return min(MAX_TOKENS, files.max_tokens)
    if not MIN_TOKENS <= wanted <= files.max_tokens:
        raise ReleaseFailed(
            f"--max-tokens {wanted}: the model reads {MIN_TOKENS} to {files.max_tokens}"
        )
    return wanted


def pack(files: PretrainedFiles, documents: Path | None, scratch: Path) -> Path:
    """Pack a classifier and the documents to check it on; the same files, the same bytes.

    Args:
        documents: labelled with its labels; None for the sample's texts, without figures.

    Raises:
        ReleaseFailed: the documents cannot be read, or have other labels.
    """
    folder = scratch / "pretrained"
    folder.mkdir()
    for path in (files.config, files.tokenizer, files.weights):
        shutil.copyfile(path, folder / path.name)
    lines, unknown = [], set()
    for document in read_labelled(documents or SAMPLE):
        unknown |= {document.label} - set(files.labels)
        fields = {"id": document.id, "text": document.text, "label": document.label}
        lines.append(json.dumps(fields, ensure_ascii=False))
    if documents and unknown:
        raise ReleaseFailed(
            f"{documents}: label(s) {', '.join(sorted(unknown))} are not the model's, "
            f"which are {', '.join(files.labels)}"
        )
    (folder / "documents.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    target = scratch / ARCHIVE
    pack_archive(folder, {}, target)
    return target


def _fetch(options: argparse.Namespace, tracking_uri: str, scratch: Path) -> PretrainedFiles:
    if options.hugging_face:
        return look_at(options.hugging_face)
    from include.adapters.mlflow_folders import download_transformers

    found = download_transformers(options.mlflow, tracking_uri, scratch)
    return look_at(found.model, found.tokenizer)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m include.cli.import_model", description=__doc__)
    parser.add_argument("--name", required=True, help="registered name to be")
    source = parser.add_mutually_exclusive_group(required=True)
    source.add_argument("--hugging-face", type=Path, metavar="DIR", help="a folder")
    source.add_argument("--mlflow", metavar="URI", help="e.g. models:/name/1 or runs:/<id>/model")
    parser.add_argument(
        "--documents", type=Path, help="labelled JSON Lines or CSV, for figures and int8's ranges"
    )
    parser.add_argument("--max-tokens", type=int, help="read of a document; 256 where it can")
    parser.add_argument(
        "--alias",
        default="champion",
        help="alias for the new version; where there is a champion, challenger instead of that",
    )
    parser.add_argument("--instance-type", default="ml.m5.large", help="where it is converted")
    parser.add_argument(
        "--no-deploy",
        action="store_false",
        dest="deploy",
        help="leave the endpoint of a version alone that does not become champion",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main())
