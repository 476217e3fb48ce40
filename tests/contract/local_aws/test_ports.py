"""Ports for servers: no two processes are given the same one before either listens."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys

import pytest

from local_aws import ports

# A process that begins its search where this one did.
AS_THIS_PROCESS = "import os, sys; os.getpid = lambda: int(sys.argv[1])"
ASK = "from local_aws.ports import free_port; print(free_port(), free_port())"


def test_what_one_process_was_given_no_other_gets_though_nobody_listens_yet(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ports, "_offsets", itertools.count())
    ours = {ports.free_port(), ports.free_port()}

    command = [sys.executable, "-c", f"{AS_THIS_PROCESS}; {ASK}", str(os.getpid())]
    said = subprocess.run(command, capture_output=True, text=True, check=True)

    theirs = {int(word) for word in said.stdout.split()}
    assert len(ours) == len(theirs) == 2
    assert not ours & theirs
