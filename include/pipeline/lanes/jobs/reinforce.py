"""More instances for a batch that is late: jobs over the end of what others have before them.

A job does its files in order. A helper takes files from the end, so the two meet in the middle;
what stands in S3 counts, whoever wrote it, and when all of it stands the jobs that are still at
work are stopped. Nothing is lost of what was under way, as it is when a job is stopped.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from include.domain.batches.manifests import Shard, shard_file_name
from include.domain.execution.packing import deal_out
from include.domain.lanes import Lane
from include.pipeline.lanes.jobs.records import InputFolder, LaneJobs


def reinforced(
    jobs: LaneJobs,
    wanted: int,
    *,
    lane: Lane,
    batch_id: str,
    folder: InputFolder,
    missing: Mapping[str, Shard],
) -> LaneJobs:
    """Add helpers, so that `wanted` jobs work; doing it again adds none.

    Args:
        folder: of the batch's shards; a job over pieces of one shard is not helped.
        missing: shards without an output, by file name.
    """
    helped = [job for job in jobs.open_jobs if not job.is_in_pieces]
    extra = wanted - len(jobs.open_jobs)
    if jobs.reinforced_to >= wanted or extra < 1 or not helped:
        return jobs
    given: list[Shard] = []
    for job in helped:
        files = sorted(name for name in job.files if name in missing)
        kept = math.ceil(len(files) * len(helped) / (len(helped) + extra))
        given += [missing[name] for name in files[kept:]]
    for share in deal_out(given, extra):
        jobs = jobs.add(lane, batch_id, folder, tuple(shard_file_name(s.index) for s in share))
    return jobs.reinforce(wanted)
