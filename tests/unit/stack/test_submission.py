"""Which DAG a file is submitted to, and how a run that is handed over is followed."""

from pathlib import Path

import pytest

from stack.submission import DAG_ID, EXPRESS_DAG_ID, EXPRESS_MAX_BYTES, Request, Submitter

ENVIRONMENT = {
    "AIRFLOW__API__BASE_URL": "http://127.0.0.1:1",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_ACCESS_KEY_ID": "x",
    "AWS_SECRET_ACCESS_KEY": "x",
}


class Airflow:
    """Runs by DAG, each with its state and tasks; triggers give the one id."""

    def __init__(self) -> None:
        self.runs: dict[str, tuple[str, dict[str, str]]] = {}
        self.triggered: list[str] = []

    def trigger(self, dag_id: str, conf: object) -> str:
        self.triggered.append(dag_id)
        return "run"

    def run_state(self, dag_id: str, run_id: str) -> str:
        return self.runs[dag_id][0]

    def task_states(self, dag_id: str, run_id: str) -> dict[str, str]:
        return self.runs[dag_id][1]


@pytest.fixture
def airflow() -> Airflow:
    return Airflow()


@pytest.fixture
def submitter(airflow: Airflow) -> Submitter:
    made = Submitter(ENVIRONMENT, "password")
    made.api = airflow  # type: ignore[assignment]
    return made


def request_of(folder: Path, size_bytes: int, dag_id: str | None = None) -> Request:
    path = folder / "x.jsonl"
    path.write_bytes(b"x" * size_bytes)
    return Request(path, "trial-lumen", dag_id=dag_id)


@pytest.mark.parametrize(
    ("size_bytes", "asked", "dag_id"),
    [
        (10, None, EXPRESS_DAG_ID),
        (EXPRESS_MAX_BYTES, None, EXPRESS_DAG_ID),
        (EXPRESS_MAX_BYTES + 1, None, DAG_ID),
        (10, DAG_ID, DAG_ID),
    ],
)
def test_small_files_go_the_express_path(
    submitter: Submitter,
    airflow: Airflow,
    tmp_path: Path,
    size_bytes: int,
    asked: str | None,
    dag_id: str,
) -> None:
    run_id = submitter.start("s3://inbox/x", request_of(tmp_path, size_bytes, asked))

    assert airflow.triggered == [dag_id]
    assert submitter.address_of(run_id).endswith(f"/dags/{dag_id}/runs/run")


def test_a_run_that_is_handed_over_is_followed_to_its_end(
    submitter: Submitter, airflow: Airflow, tmp_path: Path
) -> None:
    run_id = submitter.start("s3://inbox/x", request_of(tmp_path, 10))
    airflow.runs[EXPRESS_DAG_ID] = ("success", {"infer": "success", "hand_over": "success"})
    airflow.runs[DAG_ID] = ("running", {"pull": "success", "transform": "deferred"})

    progress = submitter.progress(run_id)

    assert (progress.is_final, progress.running) == (False, ("transform",))
    assert submitter.dag_of(run_id) == DAG_ID


def test_a_run_that_is_not_handed_over_ends_where_it_began(
    submitter: Submitter, airflow: Airflow, tmp_path: Path
) -> None:
    run_id = submitter.start("s3://inbox/x", request_of(tmp_path, 10))
    airflow.runs[EXPRESS_DAG_ID] = ("success", {"infer": "success", "hand_over": "skipped"})

    assert submitter.progress(run_id).is_final
    assert submitter.dag_of(run_id) == EXPRESS_DAG_ID
