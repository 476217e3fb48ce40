"""Which side of a split a labelled document is on, by a hash of its text.

The training container splits in the same way (`include/models/training/documents.py`; a test holds
the two to each other). So documents under one bound are never fitted on by any job that was told
it, and documents under a lower one need not be given to the job at all.
"""

from __future__ import annotations

import hashlib


def hash_bucket(text: str) -> int:
    """0 to 99, even over texts; texts that differ in case or spacing alone share theirs."""
    normalised = " ".join(text.casefold().split())
    return int.from_bytes(hashlib.sha256(normalised.encode()).digest()[:8], "big") % 100


def is_tested(text: str, test_percent: int) -> bool:
    """Whether a document is tested on, and so in no training job."""
    return hash_bucket(text) < test_percent
