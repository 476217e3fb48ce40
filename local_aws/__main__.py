"""``python -m local_aws``: MiniStack as a child process, and the SageMaker service."""

import argparse
import asyncio
import contextlib
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

from local_aws import ministack
from local_aws.children import bound_to_parent
from local_aws.faults.scenario_file import ScenarioError
from local_aws.sagemaker.command import (
    add_service_options,
    configure_logging,
    serve,
    settings_from,
    stop_on_signals,
)
from local_aws.sagemaker.concurrency import first_of
from local_aws.sagemaker.settings import Settings

_READY_TIMEOUT_S = 60.0
_SAVE_TIMEOUT_S = 30.0
_LOG_TAIL_BYTES = 2000


@contextlib.contextmanager
def _ministack(port: int, state_dir: Path, region: str) -> Iterator["subprocess.Popen[bytes]"]:
    """MiniStack, ready; it saves its state when the block is left or this process dies."""
    ministack.prepare_state(state_dir)
    log = state_dir / "ministack.log"
    with log.open("wb") as stream:
        process = subprocess.Popen(
            # SIGTERM, not SIGKILL: it saves its state even when this process is killed.
            bound_to_parent(ministack.server_command(), signal.SIGTERM),
            env=ministack.server_environment(port, state_dir, os.environ, region),
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
            start_new_session=True,  # Ctrl-C reaches it through us, after SageMaker has ended
        )
    try:
        try:
            ministack.wait_until_ready(port, _READY_TIMEOUT_S, lambda: process.poll() is None)
        except TimeoutError as error:
            tail = log.read_bytes()[-_LOG_TAIL_BYTES:].decode("utf-8", "replace")
            raise SystemExit(f"{error}\n{tail}") from error
        yield process
    finally:
        process.terminate()
        try:
            process.wait(_SAVE_TIMEOUT_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


async def _ended(process: "subprocess.Popen[bytes]") -> None:
    while process.poll() is None:
        await asyncio.sleep(0.5)


async def _serve(settings: Settings, port: int, child: "subprocess.Popen[bytes]") -> None:
    winner = await first_of(
        service=serve(settings, port, stop_on_signals()),
        ministack=_ended(child),
    )
    if winner == "ministack":
        raise SystemExit(f"MiniStack ended with exit code {child.returncode}")


def main() -> None:
    """Parse the command line, start both, and stop both on SIGTERM or Ctrl-C."""
    parser = argparse.ArgumentParser(prog="local_aws", description=__doc__)
    parser.add_argument("--port-aws", type=int, default=4566)
    parser.add_argument("--port-sagemaker", type=int, default=4570)
    add_service_options(parser)
    arguments = parser.parse_args()
    url = f"http://127.0.0.1:{arguments.port_aws}"
    try:
        settings = settings_from(arguments, arguments.state / "sagemaker", url)
    except ScenarioError as error:
        parser.exit(2, f"{error}\n")
    configure_logging()
    # A signal before the loop runs must still unwind, so that the child is stopped.
    signal.signal(signal.SIGTERM, lambda *_: (_ for _ in ()).throw(SystemExit(143)))
    state_dir = arguments.state.resolve() / "ministack"
    with _ministack(arguments.port_aws, state_dir, arguments.region) as child:
        try:
            asyncio.run(_serve(settings, arguments.port_sagemaker, child))
        except OSError as error:
            raise SystemExit(
                f"cannot listen on port {arguments.port_sagemaker}: {error}"
            ) from error


if __name__ == "__main__":
    main()
