"""The request for one job: its shards, its limits, and for Batch Transform its sizes."""

from __future__ import annotations

from include.domain.batches.manifests import BatchManifest
from include.domain.execution.jobs import JobSpec, TransformSizing
from include.domain.execution.transform_sizing import transform_sizing
from include.domain.lanes import Lane
from include.domain.placement.routing import Placement
from include.pipeline.batch_objects.batch_layout import BatchLayout
from include.pipeline.batch_objects.records import BatchRecords
from include.pipeline.lanes.jobs.budget import max_runtime_s
from include.pipeline.lanes.jobs.records import LaneJob
from include.pipeline.ports.objects import ObjectStore


def job_spec(
    job: LaneJob, lane: Lane, *, manifest_uri: str, layout: BatchLayout, objects: ObjectStore
) -> JobSpec:
    """Return what to ask of SageMaker for a job on one instance."""
    records = BatchRecords(objects, layout)
    manifest, placement = records.manifest(), records.placement()
    return JobSpec(
        name=job.name,
        lane=lane,
        model=manifest.model,
        input_prefix=job.folder.input_prefix,
        output_prefix=job.folder.output_prefix,
        instance_type=placement.instance_type,
        instance_count=1,
        max_runtime_s=max_runtime_s(placement),
        tags=job_tags(manifest),
        manifest_uri=manifest_uri,
        sizing=_sizing(job, placement, records, objects) if lane is Lane.TRANSFORM else None,
    )


def job_tags(manifest: BatchManifest) -> dict[str, str]:
    """Return the cost allocation tags of a batch's jobs."""
    return {
        "twolane:batch": manifest.batch_id,
        "twolane:account": manifest.account,
        "twolane:model": manifest.model.label,
    }


def _sizing(
    job: LaneJob, placement: Placement, records: BatchRecords, objects: ObjectStore
) -> TransformSizing:
    prefix = job.folder.input_prefix
    wanted = {prefix + name for name in job.files}
    sizes = [info.size_bytes for info in objects.list_objects(prefix) if info.uri in wanted]
    sizing = transform_sizing(
        shard_bytes=sizes,
        largest_record_bytes=max(s.largest_record_bytes for s in records.validation().shards),
        instance_type=placement.instance_type,
    )
    if job.is_in_pieces:
        return TransformSizing(sizing.max_payload_mb, sizing.max_concurrent, is_single_record=True)
    return sizing
