"""S3 in and out for jobs: listings, downloads to disk and uploads, never an object in memory."""

import asyncio
import contextlib
import dataclasses
import gzip
import json
import shutil
import tarfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath
from typing import Any, TypeVar
from urllib.parse import urlsplit

import boto3
from boto3.s3.transfer import TransferConfig
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from local_aws.faults.registry import Faults
from local_aws.faults.scenario import FaultKind, Target
from local_aws.sagemaker.errors import JobFailedError
from local_aws.sagemaker.settings import Settings

_T = TypeVar("_T")
_COPY_BYTES = 1 << 20
_THREADS = 8


@dataclasses.dataclass(frozen=True)
class S3Object:
    """One object, and its place relative to the data source that listed it."""

    bucket: str
    key: str
    relative: str

    @property
    def uri(self) -> str:
        """``s3://bucket/key``."""
        return f"s3://{self.bucket}/{self.key}"


def split_uri(uri: str) -> tuple[str, str]:
    """Bucket and key of ``s3://bucket/key``; the key may be empty."""
    parts = urlsplit(uri)
    return parts.netloc, uri.partition(parts.netloc)[2].lstrip("/")


def no_objects_message(uri: str, settings: Settings, role_arn: str) -> str:
    """AWS's words for a data source without objects."""
    bucket, _ = split_uri(uri)
    return (
        f'No S3 objects found under S3 URL "{uri}" given in input data source. Please ensure that '
        f"the bucket exists in the selected region ({settings.region}), that objects exist under "
        f'that S3 prefix, and that the role "{role_arn}" has "s3:ListBucket" permissions on '
        f'bucket "{bucket}".'
    )


class S3:
    """Blocking S3 calls, run on threads of their own so that the event loop stays free."""

    def __init__(self, settings: Settings, faults: Faults) -> None:
        self._faults = faults
        self._client: Any = boto3.client(
            "s3",
            endpoint_url=settings.aws_endpoint_url,
            region_name=settings.region,
            aws_access_key_id=settings.client_environment["AWS_ACCESS_KEY_ID"],
            aws_secret_access_key=settings.client_environment["AWS_SECRET_ACCESS_KEY"],
            config=Config(
                max_pool_connections=_THREADS, retries={"mode": "standard", "max_attempts": 3}
            ),
        )
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="s3")
        self._transfer = TransferConfig(use_threads=False)

    def close(self) -> None:
        """Let the threads go, without waiting for a transfer in progress."""
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def in_thread(self, work: Callable[..., _T], *arguments: Any) -> _T:
        """Run blocking ``work`` on one of the S3 threads."""
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, work, *arguments)

    async def is_reachable(self) -> bool:
        """Whether S3 answers at all."""
        try:
            await self.in_thread(self._client.list_buckets)
        except (BotoCoreError, ClientError):
            return False
        return True

    async def list_source(self, uri: str, data_type: str = "S3Prefix") -> list[S3Object]:
        """Objects of a data source by key order; empty when there is none or no bucket.

        Raises:
            JobFailedError: a manifest that cannot be read.
        """
        work = self._list_manifest if data_type == "ManifestFile" else self._list_prefix
        return await self.in_thread(work, uri)

    def _list_prefix(self, uri: str) -> list[S3Object]:
        bucket, prefix = split_uri(uri)
        paginator = self._client.get_paginator("list_objects_v2")
        try:
            pages = list(paginator.paginate(Bucket=bucket, Prefix=prefix))
        except ClientError as error:
            if error.response["Error"]["Code"] in {"NoSuchBucket", "404", "AccessDenied"}:
                return []
            raise
        keys = [item["Key"] for page in pages for item in page.get("Contents", ())]
        keys = sorted(key for key in keys if not key.endswith("/"))
        return [S3Object(bucket, key, _relative(key, prefix)) for key in keys]

    def _list_manifest(self, uri: str) -> list[S3Object]:
        bucket, key = split_uri(uri)
        try:
            body = self._client.get_object(Bucket=bucket, Key=key)["Body"].read()
            entries = json.loads(body)
            base, names = entries[0]["prefix"], entries[1:]
        except (ClientError, ValueError, LookupError, TypeError) as error:
            raise JobFailedError(f"ClientError: Invalid manifest file {uri}: {error}") from error
        base_bucket, base_key = split_uri(base)
        return [S3Object(base_bucket, base_key + name, name) for name in names]

    async def download(self, item: S3Object, path: Path, gunzip: bool = False) -> None:
        """Stream one object to ``path``, unpacked on the way if asked.

        Raises:
            JobFailedError: it cannot be read, or is no gzip.
        """
        await self.in_thread(self._download, item, path, gunzip)

    def _download(self, item: S3Object, path: Path, gunzip: bool) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            body = self._client.get_object(Bucket=item.bucket, Key=item.key)["Body"]
            with contextlib.closing(body), path.open("wb") as target:
                source = gzip.GzipFile(fileobj=body) if gunzip else body
                shutil.copyfileobj(source, target, _COPY_BYTES)
        except (ClientError, BotoCoreError, OSError, EOFError) as error:
            raise JobFailedError(
                f"ClientError: Data download failed: {item.uri}: {error}"
            ) from error

    async def upload(self, path: Path, uri: str) -> None:
        """Upload one file to exactly ``uri``."""
        if self._faults.hit(FaultKind.LOST_OUTPUT, Target(object=uri)) is not None:
            return
        bucket, key = split_uri(uri)
        try:
            await self.in_thread(self._upload, path, bucket, key)
        except (ClientError, BotoCoreError, OSError, boto3.exceptions.Boto3Error) as error:
            raise JobFailedError(f"ClientError: Data upload failed: {uri}: {error}") from error

    def _upload(self, path: Path, bucket: str, key: str) -> None:
        self._client.upload_file(str(path), bucket, key, Config=self._transfer)

    async def upload_folder(self, folder: Path, uri: str) -> int:
        """Upload every file under ``folder``, by its relative path; returns how many."""
        files = sorted(path for path in folder.rglob("*") if path.is_file())
        base = uri.rstrip("/")
        for path in files:
            await self.upload(path, f"{base}/{path.relative_to(folder).as_posix()}")
        return len(files)

    async def extract_model(self, uri: str, folder: Path) -> None:
        """Download ``model.tar.gz`` and unpack it into ``folder``, refusing unsafe members."""
        bucket, key = split_uri(uri)
        archive = folder.parent / "model.tar.gz"
        try:
            await self.download(S3Object(bucket, key, PurePosixPath(key).name), archive)
            await self.in_thread(_extract, archive, folder)
        except (tarfile.TarError, OSError, EOFError) as error:
            raise JobFailedError(
                f"ClientError: Failed to extract the model archive {uri}: {error}"
            ) from error
        finally:
            archive.unlink(missing_ok=True)


def _extract(archive: Path, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with tarfile.open(archive) as tar:
        tar.extractall(folder, filter="data")


def _relative(key: str, prefix: str) -> str:
    """``key`` below its source: below the prefix when that is a folder, else its own folder."""
    if not prefix or prefix.endswith("/"):
        return key[len(prefix) :]
    if key.startswith(prefix + "/"):
        return key[len(prefix) + 1 :]
    return key[prefix.rfind("/") + 1 :]


def shard(items: list[S3Object], count: int) -> Iterator[list[S3Object]]:
    """``ShardedByS3Key``: the objects dealt out over ``count`` instances, in key order."""
    for index in range(count):
        yield items[index::count]
