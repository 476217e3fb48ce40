"""Virtual environments made from pinned files when they are first needed: the peers' above all."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from stack.install import Environment, Installer, InstallError

LOCKS = Path(__file__).parent / "requirements"
PREFIX = "bench-"


def ensure(name: str, installer: Installer) -> Path:
    """Return the environment's interpreter; a peer's own is made where its lock is new.

    Raises:
        InstallError: it could not be made, or is one of the product's and is missing.
    """
    if not name.startswith(PREFIX):
        environment = Environment(name, Path(os.devnull))
        if not environment.python.exists():
            raise InstallError(f"the environment {name} is missing: make install")
        return environment.python
    environment = Environment(name, LOCKS / f"{name.removeprefix(PREFIX)}.lock")
    if not environment.is_current():
        _install(environment, installer)
    return environment.python


def _install(environment: Environment, installer: Installer) -> None:
    uv = installer.find_uv()
    if uv is None:
        raise InstallError("the peers' environments are made with uv, which could not be had")
    log = environment.folder.parent.parent / "logs" / f"install-{environment.name}.log"
    log.unlink(missing_ok=True)
    installer.say(f"installing {environment.name}")
    if not environment.python.exists():
        make = [str(uv), "venv", "--quiet", "--python", sys.executable, str(environment.folder)]
        installer.run(f"making {environment.name}", make, log)
    # With dependencies, unlike the product's own: torch's build for this machine brings its own.
    command = [str(uv), "pip", "install", "--python", str(environment.python)]
    command += ["-r", str(environment.lock)]
    installer.run(f"installing {environment.name}", command, log)
    (environment.folder / ".lock-digest").write_text(environment.digest(environment.lock))
