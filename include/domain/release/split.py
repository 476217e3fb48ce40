"""Which side of a split a labelled document is on, by a hash of its text.

The training container splits in the same way (`include/models/training/documents.py`; a test holds
the two to each other). So documents under one bound are never fitted on by any job that was told
it, and documents under a lower one need not be given to the job at all.
"""

from __future__ import annotations

import hashlib


def hash_bucket(text: str, seed: int = 0) -> int:
    """0 to 99, even over texts; texts that differ in case or spacing alone share theirs.

    Args:
        seed: another one is another split, to see how much of a result is chance.
    """
    normalised = " ".join(text.casefold().split())
    if seed:
        normalised = f"{seed}\n{normalised}"
    return int.from_bytes(hashlib.sha256(normalised.encode()).digest()[:8], "big") % 100


def is_tested(text: str, test_percent: int, seed: int = 0) -> bool:
    """Whether a document is tested on, and so in no training job."""
    return hash_bucket(text, seed) < test_percent
