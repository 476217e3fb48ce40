"""The service's settings, frozen at start; the command line is their only writer."""

import dataclasses
import os
from pathlib import Path

from local_aws.faults.scenario import Scenario


@dataclasses.dataclass(frozen=True)
class Settings:
    """Where the service keeps things, whom it speaks for, and the limits it enforces.

    Attributes:
        state_dir: database, job folders and logs of this service.
        images_file: JSON map of image URI to ``{"python": ..., "program": ...}``.
        aws_endpoint_url: S3, CloudWatch and Logs of the embedded account.
        instance_limit: instances of one type and usage that may run at once (service quota).
        invocation_timeout_s: AWS gives a container 60 s to answer an invocation.
        startup_timeout_s: AWS waits 8 minutes for ``/ping`` (3 minutes when serverless).
        serverless_idle_s: a serverless container is stopped after this long without a call.
        serverless_environments: processes of one serverless endpoint at the most; AWS starts one
            for each call in flight, and beyond this number calls share.
        stop_grace_s: SIGTERM to SIGKILL; AWS gives a job 120 s.
        metrics_period_s: AWS publishes each minute.
        time_factor: how many times faster alarms are evaluated and cooldowns pass than on AWS
            (emulated); a backlog is published each 60 s ÷ this, and no later than other metrics.
        spot_discount: share of a spot job's time that is not billed (emulated).
        job_niceness: on AWS a job and an endpoint never share a machine; here they do, and a job
            yields the processor to endpoints by this much (emulated), 0 to 19.
        poll_s: how often checkpoints and continuous outputs are looked at.
        faults: scenario that is active from the start.
    """

    state_dir: Path
    images_file: Path
    aws_endpoint_url: str
    region: str = "us-east-1"
    account_id: str = "000000000000"
    instance_limit: int = 20
    invocation_timeout_s: float = 60.0
    startup_timeout_s: float = 480.0
    serverless_startup_timeout_s: float = 180.0
    serverless_idle_s: float = 300.0
    serverless_environments: int = 2
    stop_grace_s: float = 120.0
    metrics_period_s: float = 60.0
    time_factor: float = 1.0
    spot_discount: float = 0.7
    job_niceness: int = 5
    poll_s: float = 1.0
    faults: Scenario | None = None

    @property
    def backlog_period_s(self) -> float:
        """Seconds between publications of a queue's metrics."""
        return min(self.metrics_period_s, 60.0 / self.time_factor)

    def arn(self, resource: str, name: str) -> str:
        """The ARN of a SageMaker resource, for example ``("transform-job", "nightly")``."""
        return f"arn:aws:sagemaker:{self.region}:{self.account_id}:{resource}/{name}"

    @property
    def jobs_dir(self) -> Path:
        """Folder of the running jobs' and endpoints' file systems."""
        return self.state_dir / "work"

    @property
    def client_environment(self) -> dict[str, str]:
        """How this service, and a container under its role, reach the embedded account."""
        return {
            "AWS_ENDPOINT_URL": self.aws_endpoint_url,
            "AWS_DEFAULT_REGION": self.region,
            "AWS_REGION": self.region,
            "AWS_ACCESS_KEY_ID": os.environ.get("AWS_ACCESS_KEY_ID", "test"),
            "AWS_SECRET_ACCESS_KEY": os.environ.get("AWS_SECRET_ACCESS_KEY", "test"),
            "AWS_EC2_METADATA_DISABLED": "true",
        }
