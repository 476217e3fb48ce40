"""A tiny container program under the SageMaker contract, which misbehaves when it is told to.

Commands: ``serve``, ``process``, ``train``. Standard library alone. Environment:
``FIXTURE_CRASH`` exit 3 with a line on standard error; ``FIXTURE_SLOW_S`` seconds before each
answer or shard; ``FIXTURE_NEVER_READY`` answer ``/ping`` with 503; ``FIXTURE_LABEL`` the label of
every document.
A record whose text is ``refuse`` is answered with 400, ``break`` with 500, ``die`` ends the
process.
"""

import json
import os
import signal
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ML_ROOT = Path(os.environ.get("ML_ROOT", "/opt/ml"))
SLOW_S = float(os.environ.get("FIXTURE_SLOW_S", "0"))


def prediction(line: str) -> dict:
    """The prediction of one request line: its text's length, and what the model holds."""
    record = json.loads(line)
    return {"id": record["id"], "label": model_label(), "score": float(len(record["text"]))}


def model_label() -> str:
    """The image's, or the first line of the artifact's ``label.txt``, or a default without one."""
    if label := os.environ.get("FIXTURE_LABEL"):
        return label
    path = ML_ROOT / "model" / "label.txt"
    return path.read_text().strip() if path.exists() else "no-model"


class Handler(BaseHTTPRequestHandler):
    """``/ping``, ``/invocations``, ``/execution-parameters``."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_GET(self) -> None:
        if self.path == "/ping":
            self._answer(503 if os.environ.get("FIXTURE_NEVER_READY") else 200, b"")
        elif self.path == "/execution-parameters" and os.environ.get("FIXTURE_PARAMETERS"):
            self._answer(200, os.environ["FIXTURE_PARAMETERS"].encode())
        else:
            self._answer(404, b"")

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        time.sleep(SLOW_S)
        print("invocation", len(body), flush=True)
        if b'"refuse"' in body:
            self._answer(400, b"refused a record")
        elif b'"break"' in body:
            self._answer(500, b"broken")
        elif b'"die"' in body:
            print("told to die", file=sys.stderr, flush=True)
            os._exit(9)
        elif b'"environment"' in body:
            self._answer(200, json.dumps(dict(os.environ)).encode())
        elif b'"pid"' in body:
            self._answer(200, str(os.getpid()).encode())
        elif b'"large"' in body:
            self._answer(200, b"x" * 7_000_000)
        else:
            lines = [json.dumps(prediction(line)) for line in body.decode().splitlines()]
            self._answer(200, "".join(line + "\n" for line in lines).encode())

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", "application/jsonlines")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


def serve() -> None:
    """Serve until SIGTERM."""
    address = (
        os.environ.get("SAGEMAKER_BIND_TO_HOST", "0.0.0.0"),  # noqa: S104 - the contract
        int(os.environ.get("SAGEMAKER_BIND_TO_PORT", "8080")),
    )
    server = ThreadingHTTPServer(address, Handler)
    signal.signal(signal.SIGTERM, lambda *_: threading.Thread(target=server.shutdown).start())
    server.serve_forever()


def process() -> None:
    """Predict each document of ``input/documents``, one output file a shard."""
    source = ML_ROOT / "processing" / "input" / "documents"
    target = ML_ROOT / "processing" / "output"
    target.mkdir(parents=True, exist_ok=True)
    (ML_ROOT / "output" / "message").write_text("fixture done")
    hosts = json.loads((ML_ROOT / "config" / "resourceconfig.json").read_text())
    print("host", hosts["current_host"], "of", len(hosts["hosts"]), flush=True)
    for path in sorted(source.glob("*.jsonl")):
        time.sleep(SLOW_S)
        lines = [json.dumps(prediction(line)) for line in path.read_text().splitlines()]
        (target / f"{path.name}.out").write_text("".join(line + "\n" for line in lines))


def train() -> None:
    """Count to ``steps``, a checkpoint a step; the artifact names how many attempts it took."""
    parameters = json.loads((ML_ROOT / "input/config/hyperparameters.json").read_text())
    if "failure" in parameters:
        (ML_ROOT / "output" / "failure").write_text(parameters["failure"])
        sys.exit(1)
    terminated = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: terminated.set())
    checkpoint = ML_ROOT / "checkpoints" / "state.json"
    state = json.loads(checkpoint.read_text()) if checkpoint.exists() else {"step": 0, "runs": 0}
    state["runs"] += 1
    checkpoint.write_text(json.dumps(state))
    data = sorted(path.name for path in (ML_ROOT / "input/data/training").rglob("*"))
    while state["step"] < int(parameters["steps"]):
        if terminated.wait(SLOW_S):
            time.sleep(0.3)  # a notice is there to be used
            checkpoint.write_text(json.dumps(state))
            print("terminated at step", state["step"], flush=True)
            (ML_ROOT / "model" / "partial.txt").write_text(str(state["step"]))
            sys.exit(0)
        state["step"] += 1
        checkpoint.write_text(json.dumps(state))
        with (checkpoint.parent / "steps.log").open("a") as log:
            log.write(f"{state['step']}\n")
        print("step", state["step"], flush=True)
    (ML_ROOT / "model" / "result.json").write_text(json.dumps({**state, "data": data}))
    (ML_ROOT / "model" / "label.txt").write_text("trained")


if __name__ == "__main__":
    if os.environ.get("FIXTURE_CRASH"):
        print("fixture: told to crash", file=sys.stderr, flush=True)
        sys.exit(3)
    {"serve": serve, "process": process, "train": train}[sys.argv[1]]()
