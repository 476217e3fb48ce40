"""S3 URIs, checked once where they enter."""

from __future__ import annotations

import re
from dataclasses import dataclass

from include.domain.errors import BucketNotAllowed

_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_MAX_KEY_BYTES = 1024


@dataclass(frozen=True, slots=True)
class S3Uri:
    """One object (`key` set) or one prefix (`key` may be empty) of a bucket."""

    bucket: str
    key: str

    def __str__(self) -> str:
        return f"s3://{self.bucket}/{self.key}"

    @classmethod
    def parse(cls, uri: str) -> S3Uri:
        """Parse the URI of one object.

        Raises:
            BucketNotAllowed: it is no `s3://bucket/key` that S3 would take.
        """
        parsed = cls.parse_prefix(uri)
        if not parsed.key:
            raise BucketNotAllowed(f"{uri!r}: names a bucket but no object")
        return parsed

    @classmethod
    def parse_prefix(cls, uri: str) -> S3Uri:
        """Parse the URI of a prefix, which may be a whole bucket.

        Raises:
            BucketNotAllowed: it is no `s3://bucket/` that S3 would take.
        """
        scheme, separator, rest = uri.partition("://")
        bucket, _, key = rest.partition("/")
        if scheme != "s3" or not separator or not _BUCKET.fullmatch(bucket):
            raise BucketNotAllowed(f"{uri!r}: not an S3 URI of the form s3://bucket/key")
        if len(key.encode("utf-8", "surrogatepass")) > _MAX_KEY_BYTES:
            raise BucketNotAllowed(f"{uri[:120]!r}…: key longer than {_MAX_KEY_BYTES} bytes")
        return cls(bucket, key)
