"""A job yields the processor to endpoints, which on AWS have machines of their own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from local_aws.children import bound_to_parent

AUTOGROUP = Path("/proc/self/autogroup")
SAY = "import os; print(os.nice(0), open('/proc/self/autogroup').read())"


@pytest.mark.skipif(not AUTOGROUP.exists(), reason="this kernel does not group by session")
@pytest.mark.parametrize("niceness", [0, 7])
def test_a_child_runs_at_the_priority_it_was_given_within_and_among_sessions(niceness: int) -> None:
    command = bound_to_parent([sys.executable, "-c", SAY], signal.SIGKILL, niceness=niceness)

    result = subprocess.run(
        command, capture_output=True, text=True, check=True, start_new_session=True
    )

    own, _, group = result.stdout.strip().partition(" ")
    assert int(own) == os.nice(0) + niceness
    assert group.endswith(f"nice {niceness}")
