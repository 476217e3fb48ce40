"""The prefixes that a container sees, as folders of this host."""

import dataclasses
import re
from pathlib import Path

from local_aws.sagemaker.container.images import Image

_PREFIX = re.compile(r"(?<![\w./-])/opt/(ml|program)(?=/|$)")


@dataclasses.dataclass(frozen=True)
class ContainerFiles:
    """Where one container's ``/opt/ml`` and ``/opt/program`` lie on this host."""

    ml_root: Path
    program: Path

    def host_text(self, text: str) -> str:
        """``text`` with each ``/opt/ml`` and ``/opt/program`` prefix replaced."""
        roots = {"ml": str(self.ml_root), "program": str(self.program)}
        return _PREFIX.sub(lambda match: roots[match.group(1)], text)

    def host_path(self, container_path: str) -> Path:
        """The host path of an absolute path inside the container.

        A path outside the two prefixes is put under ``ml_root/rootfs``, so that a job cannot
        write elsewhere on the host by naming a ``LocalPath``.
        """
        mapped = self.host_text(container_path)
        if mapped != container_path:
            path = Path(mapped)
        else:
            path = self.ml_root / "rootfs" / container_path.lstrip("/")
        if ".." in path.parts:
            raise ValueError(f"{container_path} leaves the container's file system")
        return path

    def command(self, image: Image, entrypoint: list[str], arguments: list[str]) -> list[str]:
        """The host's command for an entry point: ``python`` becomes the image's interpreter."""
        words = [self.host_text(word) for word in [*entrypoint, *arguments]]
        name = Path(words[0]).name
        if re.fullmatch(r"python(3(\.\d+)?)?", name):
            return [str(image.python), *words[1:]]
        return [str(image.python), *words] if name.endswith(".py") else words


def output_folders(ml_root: Path) -> list[Path]:
    """Where a job's container leaves what it has done, or is about to (``scratch``)."""
    folders = ("processing/output", "checkpoints", "output/data", "scratch")
    return [ml_root / folder for folder in folders]
