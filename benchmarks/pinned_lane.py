"""Has a batch take a lane that its router would not have chosen."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter

from include.domain.lanes import Lane
from include.domain.placement.routing import Placement
from include.files.lanes_file import LanesFile
from include.pipeline.batch_objects.batch_layout import BatchLayout


def pin(s3: Any, work_bucket: str, batch_id: str, lane: Lane, profiles: LanesFile) -> None:
    """Leave the placement that an earlier run would have left; `route` keeps what it finds.

    Args:
        s3: client of `s3`.
        work_bucket: where batches keep their records.
        profiles: for the lane's instance type.
    """
    placement = Placement(
        lane=lane,
        instance_type=profiles.lanes[lane].instance_type,
        instance_count=1,
        latency_s=60.0,
        list_cost_usd=0.0,
        meets_deadline=True,
        reason=f"{lane.value}: pinned by the harness",
        alternatives=(),
    )
    uri = BatchLayout(work_bucket, batch_id).placement
    body = TypeAdapter(Placement).dump_json(placement)
    s3.put_object(Bucket=work_bucket, Key=uri.removeprefix(f"s3://{work_bucket}/"), Body=body)
