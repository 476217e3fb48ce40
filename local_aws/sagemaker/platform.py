"""What every resource of the service works with, built once at start."""

import dataclasses

from local_aws.faults.registry import Faults
from local_aws.sagemaker.container.containers import GraceCap
from local_aws.sagemaker.container.images import ImageRegistry
from local_aws.sagemaker.limits import InstanceQuota
from local_aws.sagemaker.s3io import S3
from local_aws.sagemaker.settings import Settings
from local_aws.sagemaker.store import Store
from local_aws.sagemaker.telemetry.cloudwatch import CloudWatch


@dataclasses.dataclass(frozen=True)
class Platform:
    """The service's collaborators."""

    settings: Settings
    store: Store
    s3: S3
    images: ImageRegistry
    cloudwatch: CloudWatch
    quota: InstanceQuota
    grace_cap: GraceCap
    faults: Faults

    @classmethod
    def build(cls, settings: Settings) -> "Platform":
        """Open the database and the clients."""
        faults = Faults()
        return cls(
            settings=settings,
            store=Store(settings.state_dir / "sagemaker.sqlite"),
            s3=S3(settings, faults),
            images=ImageRegistry(settings.images_file),
            cloudwatch=CloudWatch(settings, faults),
            quota=InstanceQuota(settings.instance_limit),
            grace_cap=GraceCap(),
            faults=faults,
        )

    def close(self) -> None:
        """Flush and close; containers must have ended."""
        self.cloudwatch.close()
        self.s3.close()
        self.store.close()
