"""What a training container finds under ``/opt/ml``, and the archive made of what it leaves."""

import tarfile
from pathlib import Path
from typing import Any

from local_aws.sagemaker.container.container_files import ContainerFiles
from local_aws.sagemaker.container.container_run import resource_config, write_json

_FOLDERS = ("model", "output/data", "input/data", "checkpoints")


def prepare(
    files: ContainerFiles, request: dict[str, Any], host: str, hosts: list[str], instance_type: str
) -> None:
    """Write the configuration files and make the folders of the contract."""
    for name in _FOLDERS:
        (files.ml_root / name).mkdir(parents=True, exist_ok=True)
    config = files.ml_root / "input" / "config"
    write_json(config / "hyperparameters.json", request.get("HyperParameters", {}))
    write_json(config / "resourceconfig.json", resource_config(host, hosts, instance_type))
    channels = {
        channel["ChannelName"]: {
            "TrainingInputMode": "File",
            "ContentType": channel.get("ContentType", ""),
            "RecordWrapperType": channel.get("RecordWrapperType", "None"),
            "S3DistributionType": channel["DataSource"]["S3DataSource"].get(
                "S3DataDistributionType", "FullyReplicated"
            ),
        }
        for channel in request.get("InputDataConfig", ())
    }
    write_json(config / "inputdataconfig.json", channels)


def archive(folder: Path, target: Path) -> None:
    """``folder``'s content as a tar.gz, in name order."""
    with tarfile.open(target, "w:gz", compresslevel=1) as tar:
        for path in sorted(folder.iterdir()):
            tar.add(path, arcname=path.name)
