"""What a release trains: candidates, and the trials that search each one's parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from include.domain.lanes import Lane


@dataclass(frozen=True, slots=True)
class CandidateSpec:
    """One candidate of the candidates file.

    Attributes:
        key: names it in the evaluation.
        method: the training container's, as is everything in `parameters` and `search`.
        instance_type: where its training jobs run.
        parameters: of every trial.
        search: values to try, by parameter, where the release is not told one; each combination is
            a trial.
        min_documents: with fewer documents to fit on, it is left out.
        part_of: the candidate whose training job makes it; None where it has jobs of its own.
    """

    key: str
    method: str
    instance_type: str
    parameters: Mapping[str, str]
    search: Mapping[str, tuple[str, ...]]
    min_documents: int = 0
    part_of: str | None = None


@dataclass(frozen=True, slots=True)
class HardwareClass:
    """Hardware that candidates are measured on: an instance of a lane."""

    name: str
    lane: Lane


@dataclass(frozen=True, slots=True)
class EvaluationRules:
    """How candidates are measured, as the container's `evaluate` takes it.

    Attributes:
        confidence: of the lower bounds, 0 to 1.
        resamples: of the paired bootstrap.
        rounds: how often each model is timed, in turn with the others.
        round_s: about how long each time, seconds.
    """

    confidence: float
    resamples: int
    rounds: int
    round_s: float
    seed: int = 0


@dataclass(frozen=True, slots=True)
class CandidatesPlan:
    """The candidates file.

    Attributes:
        margin: accuracy that the proposed candidate may be behind the best, 0 to 1.
        test_percent: of the documents, in no training job.
        validation_percent: of the documents, held out inside each training job.
        hardware: the first is the one that quality is read off.
        candidates: in the file's order.
    """

    margin: float
    test_percent: int
    validation_percent: int
    evaluation: EvaluationRules
    hardware: tuple[HardwareClass, ...]
    candidates: tuple[CandidateSpec, ...]

    @property
    def held_out_percent(self) -> int:
        """The training job's parameter: of the buckets it is given, it fits on none below."""
        return self.test_percent + self.validation_percent


@dataclass(frozen=True, slots=True)
class Trial:
    """One training job of a candidate.

    Attributes:
        name: candidate and number, the name of its record and of its run.
        candidate: the key of the candidate whose job it is.
        parameters: every hyperparameter, the method among them.
    """

    name: str
    candidate: str
    method: str
    instance_type: str
    parameters: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Selection:
    """What of the asked candidates a release takes.

    Attributes:
        candidates: their keys.
        trials: the training jobs.
        left_out: why, by the key of each one that is not taken.
    """

    candidates: tuple[str, ...]
    trials: tuple[Trial, ...]
    left_out: Mapping[str, str]


def select(
    plan: CandidatesPlan,
    asked: Sequence[str],
    *,
    fit_documents: int,
    parameters: Mapping[str, str],
) -> Selection:
    """Return the candidates and trials of a release.

    A candidate that is part of another brings that one's training job, and is not compared by the
    other's key unless that was asked for too.

    Args:
        asked: keys; empty for every candidate of the plan.
        fit_documents: documents that a training job is given.
        parameters: hyperparameters of every trial; what a candidate fixes for itself wins, what it
            searches is taken from here and not searched.

    Raises:
        ValueError: an unknown candidate is asked for, or none is left.
    """
    known = {spec.key: spec for spec in plan.candidates}
    if unknown := sorted(set(asked) - known.keys()):
        raise ValueError(f"no candidate {', '.join(unknown)}; known are {', '.join(known)}")
    taken: list[str] = []
    left_out: dict[str, str] = {}
    for key, spec in known.items():
        maker = known[spec.part_of] if spec.part_of else spec
        if asked and key not in asked:
            continue
        if fit_documents < maker.min_documents:
            left_out[key] = (
                f"{fit_documents} documents to train on, {maker.min_documents} are asked for"
            )
        else:
            taken.append(key)
    if not taken:
        why = "; ".join(f"{key}: {reason}" for key, reason in left_out.items())
        raise ValueError(f"no candidate is left ({why})")
    makers = {known[key].part_of or key for key in taken}
    trials = [
        trial
        for spec in plan.candidates
        if spec.key in makers
        for trial in _trials(spec, {**parameters, "held_out_percent": str(plan.held_out_percent)})
    ]
    return Selection(tuple(taken), tuple(trials), left_out)


def best_trial(accuracy: Mapping[str, float], order: Sequence[str]) -> str:
    """Return the trial of the highest accuracy on validated documents; the first of equals."""
    return max(order, key=lambda name: (accuracy[name], -order.index(name)))


def _trials(spec: CandidateSpec, common: Mapping[str, str]) -> list[Trial]:
    search = {name: values for name, values in spec.search.items() if name not in common}
    found = []
    for number, values in enumerate(product(*search.values()), start=1):
        searched = dict(zip(search, values, strict=True))
        parameters = {**common, **spec.parameters, **searched, "method": spec.method}
        name = f"{spec.key}-{number}" if search else spec.key
        found.append(Trial(name, spec.key, spec.method, spec.instance_type, parameters))
    return found
