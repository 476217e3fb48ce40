"""In-memory fakes of every port. Each passes the contract suite its adapter passes.

Faults are asked for by attribute (`fail_with`, `refuse_with`, `fail_after`), so that a test says
what goes wrong without patching anything.
"""

from tests.support.fakes.comparisons import FakeComparisonBook
from tests.support.fakes.directories import FakeAccountDirectory, FakeModelRegistry
from tests.support.fakes.objects import FakeObjectStore
from tests.support.fakes.proofs import FakeProofBook
from tests.support.fakes.sagemaker import (
    FakeEndpoint,
    FakeJob,
    FakeJobRunner,
    answer_lines,
    classify,
    input_names,
    write_outputs,
)
from tests.support.fakes.stores import FakeBatch, FakeReadStore, FakeWriteStore

__all__ = [
    "FakeAccountDirectory",
    "FakeBatch",
    "FakeComparisonBook",
    "FakeEndpoint",
    "FakeJob",
    "FakeJobRunner",
    "FakeModelRegistry",
    "FakeObjectStore",
    "FakeProofBook",
    "FakeReadStore",
    "FakeWriteStore",
    "answer_lines",
    "classify",
    "input_names",
    "write_outputs",
]
