"""``python -m local_aws.durable``: MiniStack's own command line, its application wrapped."""

import os
from pathlib import Path
from typing import Any

from ministack import app as ministack
from ministack.core import persistence

from local_aws.durable.application import JOURNALED_STATE, DurableApplication
from local_aws.durable.checkpoints import Checkpoints
from local_aws.durable.journal import Journal


def _save(name: str, state: Any) -> None:
    """Write a state file, or raise; MiniStack's own would only log."""
    path = Path(persistence.STATE_DIR) / f"{name}.json"
    before = path.stat().st_ino if path.exists() else None
    persistence.save_state(name, state)
    if not path.exists() or path.stat().st_ino == before:
        raise OSError(f"MiniStack could not save {path}")


def main() -> None:
    """Serve until told to end."""
    folder = Path(os.environ["STATE_DIR"])
    journal = Journal(folder / f"{JOURNALED_STATE}.journal")

    def after(name: str) -> None:
        if name == JOURNALED_STATE:
            journal.clear()

    checkpoints = Checkpoints(ministack._build_persistence_save_dict, _save, after)
    ministack.app = DurableApplication(ministack.app, journal, checkpoints)
    ministack.main()


if __name__ == "__main__":
    main()
