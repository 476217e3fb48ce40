"""Figures that a release's are shown beside: measured for this project before there were releases.

On two cores of a shared machine (Python 3.11, November 2026), by scripts of their own: 5,600
documents to train on and 2,000 held out, of the same public sets. Speed is documents a second of
the engine alone. Where nothing was measured there is None.
"""

from __future__ import annotations

from dataclasses import dataclass

SOURCE = "measured before on 2 cores, 5,600 documents trained on and 2,000 held out"


@dataclass(frozen=True)
class Reference:
    """What a method came to before; accuracy in percent."""

    accuracy: float | None
    documents_per_s: float | None


REFERENCES: dict[str, dict[str, Reference]] = {
    "ag_news": {
        "linear": Reference(88.2, 53_000),
        "frozen": Reference(87.5, 440),
        "fine-tune": Reference(91.55, 440),
        "cascade": Reference(91.1, None),
    },
    "news20": {
        "linear": Reference(86.8, None),
        "frozen": Reference(77.2, None),
    },
}
"""By set and candidate; the encoder's are of the int8 graph. The cascade's threshold was read off
the documents it was measured on: a lead, no promise."""
