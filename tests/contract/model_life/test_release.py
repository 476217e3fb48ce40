"""`python -m include.cli.release` on the embedded AWS and MLflow: trained, served, traceable."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from include.adapters.mlflow_registry import MlflowModelRegistry
from include.adapters.postgres.database import Database
from include.adapters.postgres.migrations import migrate
from include.adapters.postgres.models.promotion_book import PostgresPromotionBook
from include.domain.model_ref import ModelCard
from include.domain.promotion.promotion import PromotionKind
from include.pipeline.versions.model_archive import file_sha256, unpack_archive
from tests.support.container import ROOT, SAMPLE
from tests.support.local_aws import LocalAws
from tests.support.mlflow_server import running_mlflow
from tests.support.postgres import PostgresServer
from tests.support.pretrained import LABELS, TinyClassifier, texts

BUCKET = "release-models"
SMALL = ("--set", "calibration_documents=16", "--set", "max_tokens=64", "--set", "folds=2")


@dataclass
class Site:
    """Where the command runs."""

    aws: LocalAws
    env: dict[str, str]
    data: Path

    def release(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return self.run("release", "--data", str(self.data), *arguments)

    def run(self, command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", f"include.cli.{command}", *arguments],
            cwd=ROOT,
            env=self.env,
            capture_output=True,
            text=True,
            timeout=240,
            check=False,
        )


@pytest.fixture(scope="module")
def site(
    local_aws: LocalAws,
    postgres_server: PostgresServer,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("release")
    data = folder / "news.jsonl"
    data.write_text("".join(SAMPLE.read_text(encoding="utf-8").splitlines(keepends=True)[:120]))
    local_aws.client("s3").create_bucket(Bucket=BUCKET)
    database_url = postgres_server.new_database()
    migrate(database_url)
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("TWOLANE_", "AWS_"))}
    with running_mlflow(folder, f"s3://{BUCKET}/mlflow") as tracking_uri:
        mine = {
            "TWOLANE_DATABASE_URL": database_url,
            "TWOLANE_MODELS_BUCKET": BUCKET,
            "TWOLANE_MODEL_NAME": "release-topic",
            "TWOLANE_MLFLOW_TRACKING_URI": tracking_uri,
        }
        yield Site(local_aws, clean | local_aws.env | mine, data)


@pytest.fixture(scope="module")
def released(site: Site) -> subprocess.CompletedProcess[str]:
    done = site.release(*SMALL)
    assert done.returncode == 0, done.stdout + done.stderr
    return done


def registry(site: Site) -> MlflowModelRegistry:
    return MlflowModelRegistry(site.env["TWOLANE_MLFLOW_TRACKING_URI"])


def test_the_champion_can_be_served(site: Site, released: subprocess.CompletedProcess[str]) -> None:
    model = registry(site).resolve("release-topic", "champion")
    assert model.version == "1"
    card = registry(site).card(model)
    assert card == ModelCard(("Business", "Sci/Tech", "Sports", "World"), 64)
    answer = site.aws.client("sagemaker-runtime").invoke_endpoint(
        EndpointName=model.resource_name,
        ContentType="application/jsonlines",
        Body=b'{"id": "1", "text": "Late goal wins the cup final for the home side"}\n',
    )
    assert json.loads(answer["Body"].read())["label"] == "Sports"


def test_the_history_says_who_made_it_champion(
    site: Site, released: subprocess.CompletedProcess[str]
) -> None:
    database = Database(site.env["TWOLANE_DATABASE_URL"])
    (row,) = PostgresPromotionBook(database).history("release-topic")
    database.close()
    assert (row.kind, row.from_version, row.to_version) == (PromotionKind.PROMOTED, None, "1")
    assert row.by == "python -m include.cli.release"


def test_the_champion_command_tells_the_history_and_refuses_what_cannot_be(
    site: Site, released: subprocess.CompletedProcess[str]
) -> None:
    told = site.run("champion", "history")
    assert re.search(r" promoted none → 1 by python -m include\.cli\.release: ", told.stdout), told
    refused = site.run("champion", "rollback", "--reason", "none")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "first champion" in refused.stderr


def test_the_artifact_is_the_one_the_version_names(
    site: Site, released: subprocess.CompletedProcess[str], tmp_path: Path
) -> None:
    model = registry(site).resolve("release-topic", "champion")
    url = registry(site).artifact_url(model)
    assert url == f"s3://{BUCKET}/release-topic/1/model.tar.gz"
    archive = tmp_path / "model.tar.gz"
    site.aws.client("s3").download_file(BUCKET, "release-topic/1/model.tar.gz", str(archive))
    assert file_sha256(archive) == model.digest
    unpack_archive(archive, tmp_path / "model")
    identity = json.loads((tmp_path / "model/version.json").read_text())
    assert (identity["name"], identity["version"]) == ("release-topic", "1")


def test_releasing_again_makes_nothing_new(
    site: Site, released: subprocess.CompletedProcess[str]
) -> None:
    before = site.aws.client("sagemaker").list_training_jobs()["TrainingJobSummaries"]
    again = site.release(*SMALL)
    assert again.returncode == 0, again.stderr
    assert "version 1 is already released" in again.stdout
    after = site.aws.client("sagemaker").list_training_jobs()["TrainingJobSummaries"]
    assert [job["TrainingJobName"] for job in after] == [job["TrainingJobName"] for job in before]


def test_the_trivial_model_is_a_version_of_its_own(
    site: Site, released: subprocess.CompletedProcess[str]
) -> None:
    for _ in range(2):
        done = site.release("--trivial")
        assert done.returncode == 0, done.stdout + done.stderr
        assert registry(site).resolve("release-topic", "trivial").version == "2"
    assert registry(site).resolve("release-topic", "champion").version == "1"


def test_a_failed_training_is_told_with_its_reason(site: Site) -> None:
    done = site.release("--set", "dropout=0.1")
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("release failed: training job twolane-train-release-topic-")
    assert "unknown hyperparameters: dropout" in line


@pytest.mark.parametrize("arguments", [("--set", "folds"), ("--data", "no-such-file")])
def test_a_wrong_call_shows_the_usage(site: Site, arguments: tuple[str, ...]) -> None:
    done = site.release(*arguments)
    assert done.returncode == 2
    assert "usage" in done.stderr


def own_classifier(folder: Path) -> tuple[TinyClassifier, Path]:
    """A classifier that was trained elsewhere, and a CSV of documents with its labels."""
    model = TinyClassifier("bert")
    model.write(folder / "own")
    asked = texts(40)
    rows = [
        f"{k},{text},{LABELS[answer.argmax()]}"
        for k, (text, answer) in enumerate(zip(asked, model.answers(asked), strict=True))
    ]
    documents = folder / "documents.csv"
    documents.write_text("\n".join(["id,text,label", *rows]))
    return model, documents


def test_a_classifier_of_ones_own_is_served_from_its_folder_and_from_mlflow(
    site: Site, tmp_path: Path
) -> None:
    model, documents = own_classifier(tmp_path)
    common = ("--name", "own-mood", "--documents", str(documents))
    done = site.run("import_model", *common, "--hugging-face", str(tmp_path / "own"))
    assert done.returncode == 0, done.stdout + done.stderr
    version = registry(site).resolve("own-mood", "champion")
    assert registry(site).card(version) == ModelCard(LABELS, 40)

    asked = texts(8, seed=3)
    body = "".join(json.dumps({"id": "1", "text": text}) + "\n" for text in asked)
    answer = site.aws.client("sagemaker-runtime").invoke_endpoint(
        EndpointName=version.resource_name, ContentType="application/jsonlines", Body=body.encode()
    )
    said = [json.loads(line)["label"] for line in answer["Body"].read().splitlines()]
    assert said == [LABELS[answer.argmax()] for answer in model.answers(asked)]

    uri = logged_transformers_model(site, tmp_path)
    done = site.run("import_model", *common, "--mlflow", uri)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "own-mood version 1 is already released" in done.stdout


def logged_transformers_model(site: Site, folder: Path) -> str:
    """Log the classifier as MLflow's transformers flavour lays it out; return its URI."""
    logged = folder / "logged"
    (logged / "components/tokenizer").mkdir(parents=True)
    (logged / "model").mkdir()
    for name, place in (
        ("config.json", "model"),
        ("model.safetensors", "model"),
        ("tokenizer.json", "components/tokenizer"),
    ):
        (logged / place / name).write_bytes((folder / "own" / name).read_bytes())
    (logged / "MLmodel").write_text(
        "flavors:\n  transformers:\n    model_binary: model\n    components: [tokenizer]\n"
    )
    program = (
        "import sys, mlflow\n"
        "mlflow.set_tracking_uri(sys.argv[1])\n"
        "with mlflow.start_run() as run:\n"
        "    mlflow.log_artifacts(sys.argv[2], 'model')\n"
        "print(f'runs:/{run.info.run_id}/model')\n"
    )
    tracking_uri = site.env["TWOLANE_MLFLOW_TRACKING_URI"]
    command = [sys.executable, "-c", program, tracking_uri, str(logged)]
    done = subprocess.run(
        command, env=site.env, capture_output=True, text=True, timeout=120, check=True
    )
    return next(line for line in done.stdout.splitlines() if line.startswith("runs:/"))


def test_what_cannot_be_imported_is_told_in_one_line(site: Site, tmp_path: Path) -> None:
    model, _ = own_classifier(tmp_path)
    del model.tensors["classifier.bias"]
    model.write(tmp_path / "own")
    done = site.run("import_model", "--name", "own-b", "--hugging-face", str(tmp_path / "own"))
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("import failed: training job twolane-train-own-b-")
    assert "model.safetensors lacks the tensor classifier.bias" in line

    done = site.run("import_model", "--name", "own-b", "--mlflow", "models:/nonesuch/1")
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1].startswith("import failed: MLflow model models:/nonesuch/1")
