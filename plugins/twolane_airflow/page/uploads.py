"""Reads the what-if form: its fields, and the file that may come with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fastapi import HTTPException, Request, UploadFile, status

from include.domain.errors import ScenarioRefused

MAX_BYTES = 2**20
"""Of a form with its file: some 20,000 batches."""

MAX_FIELDS = 64
MAX_DAYS = 366


@dataclass(frozen=True, slots=True)
class Filled:
    """A form as it was sent.

    Attributes:
        lines: of the uploaded file; None without one.
    """

    values: Mapping[str, str]
    lines: list[str] | None
    file_name: str


async def read_form(request: Request) -> Filled:
    """Return a form that is small enough to be read.

    Raises:
        HTTPException: it is too large, of unknown size, or its file is no text.
    """
    length = request.headers.get("content-length", "")
    if not length.isdecimal():
        raise HTTPException(status.HTTP_411_LENGTH_REQUIRED, "the form's length is not given")
    if int(length) > MAX_BYTES:
        text = f"at most {MAX_BYTES:,} bytes are read; python -m include.cli.what_if takes any file"
        raise HTTPException(status.HTTP_413_CONTENT_TOO_LARGE, text)
    async with request.form(max_fields=MAX_FIELDS, max_files=1) as form:
        values = {name: value for name, value in form.items() if isinstance(value, str)}
        file = form.get("traffic")
        if isinstance(file, str) or file is None or not file.filename:
            return Filled(values, None, "")
        return Filled(values, await _lines(file), file.filename)


def whole_days(form: Mapping[str, str]) -> int:
    """Return how many days of the ledger are asked for.

    Raises:
        ScenarioRefused: no number of days.
    """
    written = form.get("days", "").strip()
    if not written.isdecimal() or not 1 <= int(written) <= MAX_DAYS:
        raise ScenarioRefused(f"The ledger's last days: a number from 1 to {MAX_DAYS}")
    return int(written)


async def _lines(file: UploadFile) -> list[str]:
    try:
        return (await file.read()).decode("utf-8-sig").splitlines(keepends=True)
    except UnicodeDecodeError as exc:
        text = f"{file.filename} is no UTF-8 text: {exc}"
        raise HTTPException(status.HTTP_422_UNPROCESSABLE_CONTENT, text) from exc
