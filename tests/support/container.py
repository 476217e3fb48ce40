"""Run the model container's entry point as a subprocess, as its image would."""

from __future__ import annotations

import http.client
import json
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from local_aws.ports import free_port
from tests.support.local_aws import HANGS_AFTER_S

ROOT = Path(__file__).parents[2]
MODELS = ROOT / "include" / "models"
CONTRACT = MODELS / "contract"
SAMPLE = ROOT / "include" / "sample" / "news.jsonl"
JSON_LINES = "application/jsonlines"


def python_of(image: str) -> str:
    """The interpreter that stands for an image: `serving`, `training` or `torch`."""
    path = ROOT / ".twolane" / "venvs" / image / "bin" / "python"
    assert path.exists(), f"{path} is missing: run `make install-dev`"
    return str(path)


def environment(ml_root: Path, **more: str) -> dict[str, str]:
    """What a container's process gets to see."""
    base = {key: os.environ[key] for key in ("PATH", "HOME", "LANG") if key in os.environ}
    return base | {"ML_ROOT": str(ml_root)} | more


def run_command(
    image: str, command: str, ml_root: Path, **more: str
) -> subprocess.CompletedProcess[str]:
    """Run a command of the container to its end."""
    return subprocess.run(
        [python_of(image), str(MODELS / "entrypoint.py"), command],
        env=environment(ml_root, **more),
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )


def run_program(image: str, program: str, *arguments: str) -> str:
    """Run a program beside the container's code in an image's environment; return what it printed.

    Its first argument is the folder of that code.
    """
    done = subprocess.run(
        [python_of(image), "-c", program, str(MODELS), *arguments],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def peak_memory_kb(image: str, command: str, ml_root: Path, **more: str) -> int:
    """Run a command of the container, and return the most memory it ever had resident.

    Read from /proc while it runs: what `wait4` reports starts from the parent's own peak.
    """
    peak = 0
    with subprocess.Popen(
        [python_of(image), str(MODELS / "entrypoint.py"), command],
        env=environment(ml_root, **more),
        stdout=subprocess.DEVNULL,
    ) as process:
        while process.poll() is None:
            peak = max(peak, _high_water_kb(process.pid))
            time.sleep(0.01)
    assert process.returncode == 0
    return peak


def _high_water_kb(pid: int) -> int:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return 0
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    return int(found[1]) if found else 0


def log_events(stdout: str) -> list[dict[str, Any]]:
    """The JSON lines of a container's log."""
    return [json.loads(line) for line in stdout.splitlines() if line.startswith("{")]


def trivial_model(folder: Path) -> Path:
    """Copy the artifact that needs no transformer."""
    return Path(shutil.copytree(CONTRACT / "trivial_model", folder))


@dataclass
class Answer:
    """One HTTP answer."""

    status: int
    content_type: str
    body: bytes


class Server:
    """A serving container on loopback, spoken to over one kept-alive connection."""

    def __init__(self, port: int, process: subprocess.Popen[str]) -> None:
        self.port = port
        self.process = process
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
        self.log = ""

    def get(self, path: str) -> Answer:
        return self._ask("GET", path, None, {})

    def invoke(
        self, body: bytes, content_type: str = JSON_LINES, accept: str | None = None
    ) -> Answer:
        headers = {"Content-Type": content_type} | ({"Accept": accept} if accept else {})
        return self._ask("POST", "/invocations", body, headers)

    def classify(self, records: Sequence[Mapping[str, object]]) -> list[dict[str, Any]]:
        body = b"".join(json.dumps(record).encode() + b"\n" for record in records)
        answer = self.invoke(body)
        assert answer.status == 200, answer
        return [json.loads(line) for line in answer.body.splitlines()]

    def _ask(
        self, method: str, path: str, body: bytes | None, headers: Mapping[str, str]
    ) -> Answer:
        self.connection.request(method, path, body, dict(headers))
        response = self.connection.getresponse()
        return Answer(response.status, response.headers["Content-Type"], response.read())


@contextmanager
def serving(ml_root: Path, image: str = "serving", **more: str) -> Iterator[Server]:
    """Serve `ml_root/model` until the block ends, then SIGTERM; `log` has its output after."""
    port = free_port()
    more |= {"SAGEMAKER_BIND_TO_PORT": str(port), "SAGEMAKER_BIND_TO_HOST": "127.0.0.1"}
    process = subprocess.Popen(
        [python_of(image), str(MODELS / "entrypoint.py"), "serve"],
        env=environment(ml_root, **more),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    server = Server(port, process)
    try:
        _wait_for_ping(server)
        yield server
    finally:
        process.send_signal(signal.SIGTERM)
        server.log = process.communicate(timeout=HANGS_AFTER_S)[0]


def _wait_for_ping(server: Server) -> None:
    deadline = time.monotonic() + HANGS_AFTER_S
    while server.process.poll() is None and time.monotonic() < deadline:
        try:
            if server.get("/ping").status == 200:
                return
        except OSError:
            server.connection.close()
            time.sleep(0.02)
    output = server.process.stdout.read() if server.process.poll() is not None else "no answer"  # type: ignore[union-attr]
    raise AssertionError(f"the container does not serve: {output}")
