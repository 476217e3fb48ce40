"""When a comparison is sure: better, equivalent or worse, whichever is proved first.

Two sources of evidence, each at half the level, and both may be looked at after every document:

- Where the right label came back: both versions answered the same document, so the difference is
  -1 (the champion alone was right), 1 (the challenger alone was) or 0. Four claims about its mean
  are bet against, each at half of that half: "at most 0" (better), "at least 0" (worse), and
  "at most -margin" with "at least margin" (equivalent, once both have fallen: two one-sided tests,
  Schuirmann, Journal of Pharmacokinetics and Biopharmaceutics 15, 1987).
- Without labels: the two accuracies cannot differ by more than the share of documents on which
  the two versions differ. Where that share is surely within the margin, they are equivalent.

Whatever the truth, at most two of the four claims can fall wrongly, so the probability of a wrong
finding, ever, is the level at most. It assumes that a document says, on the average and given those
before it, what live documents say; a batch of a kind of its own is kept from deciding alone by
`Plan.batch_documents`.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from include.domain.comparison.betting import Counts, interval, is_above
from include.domain.comparison.comparison import Finding


@dataclass(frozen=True, slots=True)
class Evidence:
    """Documents that both versions have answered.

    Attributes:
        agreeing: those with the same label from both.
        differing: the others.
        labelled: of those whose right label is known: -1 where the champion alone was right, 1
            where the challenger alone was, 0 where both were or neither.
    """

    agreeing: int = 0
    differing: int = 0
    labelled: Counts = field(default_factory=Counts)

    @property
    def documents(self) -> int:
        """All of them."""
        return self.agreeing + self.differing

    @property
    def disagreement(self) -> float:
        """Share of documents on which the versions differ; 0 without any."""
        return self.differing / self.documents if self.documents else 0.0


def judge(evidence: Evidence, *, level: float, margin: float) -> Finding:
    """Return what is sure; an equivalent challenger is called that, though it be a trace worse."""
    each, labelled = level / 4, evidence.labelled
    mirrored = labelled.mirrored()
    if is_above(labelled, 0.0, level=each):
        return Finding.BETTER
    if is_above(labelled, -margin, level=each) and is_above(mirrored, -margin, level=each):
        return Finding.EQUIVALENT
    if is_above(mirrored, 0.0, level=each):
        return Finding.WORSE
    if is_rarely_different(evidence, level=level / 2, margin=margin):
        return Finding.EQUIVALENT
    return Finding.UNDECIDED


def is_rarely_different(evidence: Evidence, *, level: float, margin: float) -> bool:
    """Whether the share of documents that are answered differently is surely below the margin."""
    return is_above(_agreement(evidence), 1 - 2 * margin, level=level)


def disagreement_interval(evidence: Evidence, *, level: float) -> tuple[float, float]:
    """Return a confidence sequence of the share of documents that are answered differently."""
    low, high = interval(_agreement(evidence), level=level)
    return (1 - high) / 2, (1 - low) / 2


def difference_interval(evidence: Evidence, *, level: float) -> tuple[float, float]:
    """Return a confidence sequence of the challenger's accuracy less the champion's."""
    return interval(evidence.labelled, level=level)


def _agreement(evidence: Evidence) -> Counts:
    """Return 1 for a document that is answered alike and -1 for one that is not."""
    return Counts(lower=evidence.differing, higher=evidence.agreeing)
