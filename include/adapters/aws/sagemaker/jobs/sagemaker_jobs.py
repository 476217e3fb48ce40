"""JobRunner on SageMaker."""

from __future__ import annotations

from typing import TYPE_CHECKING

from include.adapters.aws.sagemaker.jobs.lane_jobs import LaneJobs
from include.adapters.aws.sagemaker.jobs.processing_jobs import ProcessingJobs
from include.adapters.aws.sagemaker.jobs.spot_jobs import SpotJobs
from include.adapters.aws.sagemaker.jobs.transform_jobs import TransformJobs
from include.adapters.aws.sagemaker.sagemaker_models import ServingSite
from include.domain.errors import JobFailed
from include.domain.execution.jobs import JobRef, JobSpec, JobStatus
from include.domain.lanes import Lane

if TYPE_CHECKING:
    from mypy_boto3_sagemaker import SageMakerClient


class SageMakerJobRunner:
    """Hands each job to its lane.

    Args:
        client: SageMaker's control plane.
        site: image, role and tags of the jobs.
    """

    def __init__(self, client: SageMakerClient, site: ServingSite) -> None:
        lanes = (
            ProcessingJobs(client, site),
            TransformJobs(client, site),
            SpotJobs(client, site),
        )
        self._lanes: dict[Lane, LaneJobs] = {lane.lane: lane for lane in lanes}

    def launch(self, spec: JobSpec, *, artifact_url: str) -> JobRef:
        """Start the job, or adopt the one that has its name; see `JobRunner.launch`."""
        return self._of(spec.lane).launch(spec, artifact_url=artifact_url)

    def status(self, job: JobRef) -> JobStatus | None:
        """Observe the job; see `JobRunner.status`."""
        return self._of(job.lane).status(job)

    def stop(self, job: JobRef) -> None:
        """Ask the job to stop; see `JobRunner.stop`."""
        self._of(job.lane).stop(job)

    def _of(self, lane: Lane) -> LaneJobs:
        try:
            return self._lanes[lane]
        except KeyError:
            raise JobFailed(f"the {lane.value} lane runs no SageMaker jobs") from None
