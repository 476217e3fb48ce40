"""What a set of results comes to, whatever their order: a count and a checksum.

A row's hash is the first eight bytes of the SHA-256 of document id, label, score, model version
and, where a cascade answered, its stage, where a bundle did, the name, label and score of each
further head; a set's checksum is the sum of its rows' hashes modulo 2^64. A lost row, a changed
label and two rows exchanged between sets all change it; an order does not, so that shards can be
added up and a database can do the sum where the rows are. The same formula stands in
`include/sql/queries/fingerprint_predictions.sql`.
"""

from __future__ import annotations

import hashlib
import re
import struct
from collections.abc import Iterable
from dataclasses import dataclass

from include.domain.batches.predictions import Heads

_MODULUS = 2**64
_SEPARATOR = "\x1f"
_TEXT = re.compile(r"(\d+) ([0-9a-f]{16})")


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """A set of results.

    Attributes:
        count: its rows.
        checksum: the sum of their hashes, 0 to 2^64 - 1.
    """

    count: int = 0
    checksum: int = 0

    def __add__(self, other: Fingerprint) -> Fingerprint:
        """Return what two sets without a common row come to together."""
        return Fingerprint(self.count + other.count, (self.checksum + other.checksum) % _MODULUS)

    def __str__(self) -> str:
        """Return it as `parse` reads it."""
        return f"{self.count} {self.checksum:016x}"

    @classmethod
    def parse(cls, text: str) -> Fingerprint | None:
        """Return what `str` made a text of; None where it is no such text."""
        found = _TEXT.fullmatch(text.strip())
        return cls(int(found[1]), int(found[2], 16)) if found else None

    @classmethod
    def total(cls, parts: Iterable[Fingerprint]) -> Fingerprint:
        """Add up what several sets come to."""
        whole = cls()
        for part in parts:
            whole += part
        return whole


def row_hash(
    document_id: str,
    label: str,
    score: float,
    model_version: str,
    stage: str | None = None,
    heads: Heads = (),
) -> int:
    """Return a row's hash. A score counts as the single-precision number both stores agree on."""
    fields = [document_id, label, _hex(score), model_version]
    if stage is not None:
        fields.append(stage)
    for head in heads:
        fields += (head.name, head.label, _hex(head.score))
    text = _SEPARATOR.join(fields)
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big")


def _hex(score: float) -> str:
    """Big-endian, as PostgreSQL's float4send gives it."""
    return struct.pack(">f", score).hex()
