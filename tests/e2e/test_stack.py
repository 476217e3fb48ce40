"""The whole stack, from `up` to `down`."""

import json
import os
import re
import signal
import sys
import time

import pytest

from benchmarks.chaos.cases import LANES, Moment, Victim
from benchmarks.chaos.rounds import Round
from benchmarks.chaos.stage import open_stage
from stack.demo_documents import write_documents
from stack.paths import ROOT, Paths
from stack.session import running_environment
from tests.e2e.conftest import Stack

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(600)]


def test_every_server_is_ready_and_listens_on_loopback_alone(stack):
    result = stack.run("status")
    assert result.returncode == 0, result.stdout
    assert result.stdout.count("ready") == 8
    assert set(re.findall(r"(\S+):\d{4,5}\b", result.stdout)) == {"127.0.0.1"}


def test_starting_again_changes_nothing(stack):
    before = stack.pids()
    result = stack.run("up")
    assert result.returncode == 0, result.stderr
    assert result.stdout.count("ran already") == 8
    secret = json.loads((stack.state / "passwords.json").read_text())["airflow_admin"]
    assert secret not in result.stdout
    assert stack.pids() == before


def test_a_file_goes_from_the_rest_api_to_both_stores(stack, tmp_path):
    file = tmp_path / "mine.jsonl"
    write_documents(file, 40, seed=5, poison=6)
    result = stack.run("submit", str(file), "--account", "trial-lumen")
    assert result.returncode == 0, result.stdout + result.stderr
    assert re.search(r"serverless.* 34 .* 34 .* 6 ", result.stdout), result.stdout


def test_an_upload_goes_by_its_queue_to_both_stores(stack, tmp_path):
    file = tmp_path / "mine.jsonl"
    write_documents(file, 12, seed=8)
    program = """
import os, sys, time, psycopg
from stack.figures import aws_client
key = f"express/trial-lumen/{{{{ 1 + 1 }}}} {os.getpid()}.jsonl"
aws_client("s3", dict(os.environ)).upload_file(sys.argv[1], "twolane-inbox", key)
deadline = time.monotonic() + 90
found = None
with psycopg.connect(os.environ["TWOLANE_DATABASE_URL"], autocommit=True) as database:
    while found != ("committed", 1, 12) and time.monotonic() < deadline:
        time.sleep(0.2)
        found = database.execute(
            "SELECT q.state, q.runs, s.prediction_count FROM queued_batches q "
            "LEFT JOIN batches b USING (submission_key) LEFT JOIN batch_summary s USING (batch_id) "
            "WHERE q.batch_uri = %s", [f"s3://twolane-inbox/{key}"]
        ).fetchone()
print(found)
"""
    result = stack.run("run", "--", sys.executable, "-c", program, str(file))
    assert "('committed', 1, 12)" in result.stdout, result.stdout + result.stderr


def test_every_figure_of_the_costs_page_is_what_the_tables_say(stack):
    result = stack.run("run", "--", sys.executable, "-m", "benchmarks.page.compare")
    assert result.returncode == 0, result.stdout + result.stderr
    assert re.search(r"\d\d figures compared, 0 differ", result.stdout), result.stdout


def test_a_refused_batch_says_why(stack, tmp_path):
    file = tmp_path / "mine.jsonl"
    write_documents(file, 2, seed=6)
    result = stack.run("submit", str(file), "--account", "nobody")
    assert result.returncode == 1
    assert "nobody" in result.stderr


@pytest.mark.parametrize(
    ("victim", "moment"),
    [(Victim.AWS, Moment("load_dynamodb")), (Victim.POSTGRES, Moment("load_aurora"))],
)
def test_a_store_that_is_killed_while_it_is_loaded_loses_and_doubles_nothing(stack, victim, moment):
    released = stack.run("run", "--", sys.executable, "-m", "include.cli.release", "--trivial")
    assert released.returncode == 0, released.stderr
    paths = Paths(root=ROOT, state=stack.state)
    lanes = {lane.name: lane for lane in LANES}
    wanted = {"serverless": [moment]}
    stage = open_stage(paths, running_environment(paths))
    result = Round(victim, wanted, lanes, stage, seed=77, timeout_s=180).run()
    assert result.unfinished == {}
    assert [verdict.complaint for verdict in result.verdicts.values()] == [""]
    assert wanted == {"serverless": []}, "the step was not met at work"


def test_a_server_that_dies_is_started_again_by_itself(stack):
    before = stack.pids()["mlflow"]
    os.killpg(before, signal.SIGKILL)
    deadline = time.monotonic() + 60
    while stack.run("status").returncode != 0:
        assert time.monotonic() < deadline
    assert stack.pids()["mlflow"] != before
    restarts = json.loads((stack.state / "run" / "restarts.json").read_text())
    assert restarts["mlflow"]["restarts"] == 1


def test_a_server_that_dies_unwatched_is_named_and_started_by_up(stack):
    watcher = json.loads((stack.state / "run" / "watcher.json").read_text())["pid"]
    os.kill(watcher, signal.SIGKILL)
    os.killpg(stack.pids()["mlflow"], signal.SIGKILL)
    result = stack.run("status")
    assert result.returncode == 1
    assert "mlflow has died" in result.stdout
    assert "nobody restarts what dies" in result.stdout
    assert stack.run("up").returncode == 0
    assert stack.run("status").returncode == 0


def test_other_ports_are_refused_while_it_runs(stack):
    other = Stack(stack.state)
    result = other.run("up")
    assert result.returncode == 1
    assert "make down" in result.stderr
