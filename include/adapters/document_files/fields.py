"""One row's fields, judged: a document, or a fault with a sentence that says what to mend."""

from __future__ import annotations

from include.domain.batches.documents import QuarantineReason, RawDocument
from include.domain.unicode_text import is_encodable

NAME_CHARACTERS = 60


def faulty(
    row: int, reason: QuarantineReason, detail: str, *, id_: str | None = None
) -> RawDocument:
    """Return a row that cannot be read as a document."""
    return RawDocument(row=row, id=id_, text=None, fault=reason, detail=detail)


def document(row: int, where: str, id_: object, text: object) -> RawDocument:
    """Return a row of the two fields, faulty where they are not what a document needs.

    An integer id is taken as its decimal digits. Whatever comes back can be stored as UTF-8: an
    id with a NUL or half a surrogate pair is dropped, such a text has its halves replaced.

    Args:
        row: zero-based position among the file's rows.
        where: where a person finds the row: `line 12`.
        id_: the id as the file gives it, None where it does not.
        text: the text as the file gives it, None where it does not.
    """
    if isinstance(id_, int) and not isinstance(id_, bool):
        id_ = str(id_)
    if id_ is None:
        return faulty(row, QuarantineReason.MISSING_ID, f"{where} has no id")
    if not isinstance(id_, str):
        return faulty(
            row,
            QuarantineReason.MISSING_ID,
            f"{where}: the id is {_kind(id_)}; it must be a string or an integer",
        )
    if not id_.strip():
        return faulty(row, QuarantineReason.MISSING_ID, f"{where}: the id is blank")
    if "\x00" in id_ or not is_encodable(id_):
        return faulty(
            row,
            QuarantineReason.BAD_CHARACTERS,
            f"{where}: the id {id_[:NAME_CHARACTERS]!a} holds a NUL or half a surrogate pair",
        )
    if text is None:
        return faulty(row, QuarantineReason.MISSING_TEXT, f"{where} has no text", id_=id_)
    if not isinstance(text, str):
        return faulty(
            row,
            QuarantineReason.MISSING_TEXT,
            f"{where}: the text is {_kind(text)}; it must be a string",
            id_=id_,
        )
    if not is_encodable(text):
        return RawDocument(
            row=row,
            id=id_,
            text=text.encode("utf-8", "replace").decode("utf-8"),
            fault=QuarantineReason.BAD_CHARACTERS,
            detail=f"{where}: the text holds half a surrogate pair",
        )
    return RawDocument(row=row, id=id_, text=text)


def not_utf8(row: int, where: str, error: UnicodeDecodeError) -> RawDocument:
    """Return the fault of a row that is not UTF-8."""
    return faulty(
        row,
        QuarantineReason.NOT_UTF8,
        f"{where} is not UTF-8: byte 0x{error.object[error.start]:02x} at offset {error.start:,}",
    )


def too_long(row: int, where: str, max_bytes: int) -> RawDocument:
    """Return the fault of a row too long to be read into memory."""
    return faulty(
        row,
        QuarantineReason.TOO_LONG,
        f"{where} is longer than {max_bytes:,} bytes; it was not read",
    )


def _kind(value: object) -> str:
    match value:
        case bool():
            return "true or false"
        case int() | float():
            return "a number"
        case list():
            return "a list"
        case dict():
            return "an object"
        case _:
            return f"of type {type(value).__name__}"
