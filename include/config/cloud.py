"""What an account has for the product, and under which names."""

from __future__ import annotations

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings


class CloudSettings(BaseSettings):
    """Settings of the account and the servers.

    Attributes:
        inbox_bucket: where users upload; also `work_bucket` and `models_bucket` by purpose.
        mlflow_bucket: artifacts of the tracking server; only provisioning needs its name.
        allowed_buckets: buckets a batch URI may name, comma-separated in the environment.
        database_url: libpq URL of the product's database.
        gpu_serving_image: what serves, and evaluates, where instances have GPUs; empty for the
            torch image, or, where GPUs are emulated, for what runs on the other instances.
        gpu_endpoint_ami: SageMaker's machine image, with the NVIDIA driver, of endpoints with that
            image; empty for the instance type's own. `gpu_transform_ami` of transform jobs.
        is_emulated: marks every charge as emulated; set by the embedded default.
        work_retention_days: days until the work bucket lets go of a batch's objects; the template's
            `WorkRetentionDays`, for what keeping them costs.
        mlflow_tracking_uri: where the model registry answers.
    """

    inbox_bucket: str = "twolane-inbox"
    work_bucket: str = "twolane-work"
    models_bucket: str = "twolane-models"
    mlflow_bucket: str = "twolane-mlflow"
    allowed_buckets: str = "twolane-inbox"
    predictions_table: str = "twolane-predictions"
    database_url: SecretStr
    role_arn: str = "arn:aws:iam::000000000000:role/twolane-sagemaker"
    serving_image: str = "000000000000.dkr.ecr.us-east-1.amazonaws.com/twolane-serving:1"
    training_image: str = "000000000000.dkr.ecr.us-east-1.amazonaws.com/twolane-training:1"
    torch_image: str = "000000000000.dkr.ecr.us-east-1.amazonaws.com/twolane-torch:1"
    gpu_serving_image: str = ""
    gpu_endpoint_ami: str = "al2-ami-sagemaker-inference-gpu-2-1"
    gpu_transform_ami: str = "al2-ami-sagemaker-batch-gpu-535"
    is_emulated: bool = False
    work_retention_days: int = Field(default=90, ge=1)
    mlflow_tracking_uri: str = "http://127.0.0.1:5000"

    @property
    def gpu_image(self) -> str:
        """What serves and evaluates on instances with a GPU; empty for what runs on the others.

        An emulated GPU is none that torch could use, so torch runs there only when it is asked for.
        """
        by_default = self.serving_image if self.is_emulated else self.torch_image
        image = self.gpu_serving_image or by_default
        return "" if image == self.serving_image else image

    @property
    def allowed(self) -> frozenset[str]:
        """The allowed buckets as a set."""
        return frozenset(name.strip() for name in self.allowed_buckets.split(",") if name.strip())
