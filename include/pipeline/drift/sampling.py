"""Which documents of many are looked at: by a hash of their ids, wherever they stand."""

from __future__ import annotations

import hashlib


def place_of(document_id: str) -> float:
    """Return a number from 0 to 1, even over ids, the same on every machine."""
    identity = document_id.encode("utf-8", "surrogatepass")
    code = hashlib.blake2b(identity, digest_size=8).digest()
    return int.from_bytes(code, "big") / 2**64
