"""Calibrating lanes as Airflow tasks: what is asked of each, and what was found."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from airflow.sdk import Param, task

from include.domain.lanes import Lane
from twolane_airflow import form_fields

if TYPE_CHECKING:
    from include.pipeline.calibration.records import CalibrationRequest

CALIBRATION_PARAMS = {
    "lanes": Param(
        None,
        type=["null", "array"],
        items={"type": "string", "enum": [lane.value for lane in Lane]},
        examples=[lane.value for lane in Lane],
        title="Lanes",
        description="What is calibrated; every lane of the lanes file when empty.",
    ),
    "model_name": form_fields.named_model("news-topic", "Its champion answers the probes."),
    "documents": Param(
        [100, 1_000, 5_000],
        type="array",
        items={"type": "integer", "minimum": 1, "maximum": 1_000_000},
        minItems=1,
        title="Documents a probe",
        description="Sizes, tried in rising order.",
    ),
    "document_tokens": Param(
        [32, 256],
        type="array",
        items={"type": "integer", "minimum": 4, "maximum": 8_192},
        minItems=1,
        title="Tokens a document",
        description="Lengths; what the model does not read is cut off.",
    ),
    "max_usd": Param(
        5.0,
        type="number",
        exclusiveMinimum=0,
        title="Budget in dollars",
        description="List cost at the most, over all lanes.",
    ),
    "max_minutes": Param(
        120,
        type="number",
        exclusiveMinimum=0,
        title="Time in minutes",
        description="For each lane; a probe that runs then is stopped.",
    ),
}


@task
def plan(params: Any = None, dag_run: Any = None) -> list[dict[str, Any]]:
    """Share the budget out: a request a lane."""
    from include.wiring.calibration import calibration

    known = calibration().lane_names()
    lanes = [lane for lane in known if lane in (params["lanes"] or known)]
    if not lanes:
        raise ValueError(f"none of {params['lanes']} is in the lanes file: {', '.join(known)}")
    return [
        {
            "request": {
                "key": dag_run.run_id,
                "lane": lane,
                "model_name": params["model_name"],
                "documents": sorted(set(params["documents"])),
                "document_tokens": sorted(set(params["document_tokens"])),
                "max_usd": params["max_usd"] / len(lanes),
                "max_s": params["max_minutes"] * 60,
            }
        }
        for lane in lanes
    ]


@task
def report(requests: Sequence[Mapping[str, Any]]) -> str:
    """Return what was found, as the task's log has it."""
    from include.pipeline.calibration.report import calibration_report
    from include.wiring.calibration import calibration

    found = [calibration().calibrator(request_of(each["request"])).state() for each in requests]
    text = calibration_report(found)
    print(text)  # noqa: T201  (a task's print goes to its log)
    return text


def request_of(fields: Mapping[str, Any]) -> CalibrationRequest:
    """Return what the tasks hand each other as a request."""
    from include.pipeline.calibration.records import CalibrationRequest

    return CalibrationRequest(
        key=fields["key"],
        lane=Lane(fields["lane"]),
        model_name=fields["model_name"],
        documents=tuple(fields["documents"]),
        document_tokens=tuple(fields["document_tokens"]),
        max_usd=fields["max_usd"],
        max_s=fields["max_s"],
    )
