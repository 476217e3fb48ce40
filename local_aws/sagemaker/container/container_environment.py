"""The environment a container starts with: the contract's variables and nothing of ours."""

import os
from collections.abc import Mapping

from local_aws.sagemaker.container.container_files import ContainerFiles
from local_aws.sagemaker.container.images import Image
from local_aws.sagemaker.container.instance_types import InstanceShape

_THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def container_environment(
    files: ContainerFiles,
    image: Image,
    shape: InstanceShape,
    role: Mapping[str, str],
    job: Mapping[str, str],
) -> dict[str, str]:
    """Environment of one container.

    Args:
        files: its file system, for values that name ``/opt/ml`` or ``/opt/program``.
        image: its interpreter is put first on PATH; what it sets, the job may set otherwise.
        shape: its instance, which decides the thread counts.
        role: the role's credentials and region; empty under network isolation.
        job: the job's own variables, which win over all others.
    """
    environment = {
        "PATH": f"{image.python.parent}:{os.defpath}",
        "LANG": os.environ.get("LANG", "C.UTF-8"),
        "HOME": str(files.ml_root.parent),
        "ML_ROOT": str(files.ml_root),
        "PYTHONUNBUFFERED": "1",
        **dict.fromkeys(_THREAD_VARIABLES, str(shape.threads)),
        **image.environment,
        **role,
    }
    environment.update({key: files.host_text(value) for key, value in job.items()})
    return environment
