"""``python -m local_aws.durable``: MiniStack's own command line, its application wrapped."""

import os
from pathlib import Path

from ministack import app as ministack

from local_aws.alarms import ministack_evaluation
from local_aws.durable import metric_eviction
from local_aws.durable.application import JOURNALED_STATE, DurableApplication
from local_aws.durable.checkpoints import Checkpoints
from local_aws.durable.journal import Journal
from local_aws.durable.state_files import save, states


def main() -> None:
    """Serve until told to end."""
    ministack_evaluation.switch_off()
    metric_eviction.make_seldom()
    folder = Path(os.environ["STATE_DIR"])
    journal = Journal(folder / f"{JOURNALED_STATE}.journal")

    def after(name: str) -> None:
        if name == JOURNALED_STATE:
            journal.clear()

    checkpoints = Checkpoints(states, save, after)
    ministack.app = DurableApplication(ministack.app, journal, checkpoints)
    ministack.main()


if __name__ == "__main__":
    main()
