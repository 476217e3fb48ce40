"""A corpus of poison documents: what people upload by mistake, each with its reason."""

from __future__ import annotations

from dataclasses import dataclass

from include.domain.batches.documents import QuarantineReason as Reason

MAX_DOCUMENT_CHARACTERS = 1_000
MAX_LINE_BYTES = 20_000


@dataclass(frozen=True, slots=True)
class Poison:
    """One line of JSON Lines, and why it is set aside."""

    name: str
    line: bytes
    reason: Reason


POISON = (
    Poison("latin-1", '{"id": "p1", "text": "café"}'.encode("latin-1"), Reason.NOT_UTF8),
    Poison("utf-16", '{"id": "p2", "text": "t"}'.encode("utf-16-le"), Reason.NOT_JSON),
    Poison("cut short", b'{"id": "p3", "text": "the connection was l', Reason.NOT_JSON),
    Poison("single quotes", b"{'id': 'p4', 'text': 't'}", Reason.NOT_JSON),
    Poison("two objects", b'{"id": "p5", "text": "t"}{"id": "p6", "text": "t"}', Reason.NOT_JSON),
    Poison("deep nesting", b"[" * 15_000, Reason.NOT_JSON),
    Poison("a list", b'[{"id": "p7", "text": "t"}]', Reason.NOT_AN_OBJECT),
    Poison("a string", b'"p8"', Reason.NOT_AN_OBJECT),
    Poison("no id", b'{"text": "an orphan"}', Reason.MISSING_ID),
    Poison("null id", b'{"id": null, "text": "t"}', Reason.MISSING_ID),
    Poison("blank id", b'{"id": "  ", "text": "t"}', Reason.MISSING_ID),
    Poison("id with a NUL", b'{"id": "p\\u0000", "text": "t"}', Reason.BAD_CHARACTERS),
    Poison("endless id", b'{"id": "%s", "text": "t"}' % (b"p" * 1_025), Reason.TOO_LONG),
    Poison("duplicate id", b'{"id": "sound-0", "text": "t"}', Reason.DUPLICATE_ID),
    Poison("duplicate id, as a number", b'{"id": 42, "text": "t"}', Reason.DUPLICATE_ID),
    Poison("no text", b'{"id": "p9"}', Reason.MISSING_TEXT),
    Poison("text is a list", b'{"id": "p10", "text": ["t"]}', Reason.MISSING_TEXT),
    Poison("empty text", b'{"id": "p11", "text": ""}', Reason.EMPTY_TEXT),
    Poison("white space", b'{"id": "p12", "text": " \\n\\t\\u00a0\\u3000"}', Reason.EMPTY_TEXT),
    Poison("invisible", b'{"id": "p13", "text": "\\u200b\\ufeff \\u200e"}', Reason.EMPTY_TEXT),
    Poison("too long", b'{"id": "p14", "text": "%s"}' % (b"t" * 1_001), Reason.TOO_LONG),
    Poison("endless line", b'{"id": "p15", "text": "%s"}' % (b"t" * 30_000), Reason.TOO_LONG),
    Poison("a NUL", b'{"id": "p16", "text": "a\\u0000b"}', Reason.BAD_CHARACTERS),
    Poison("half an emoji", b'{"id": "p17", "text": "a \\ud83d"}', Reason.BAD_CHARACTERS),
    Poison("mojibake", '{"id": "p18", "text": "caf� ���"}'.encode(), Reason.BAD_CHARACTERS),
)

SOUND = (
    b'{"id": "sound-0", "text": "Oil prices rose on Thursday."}',
    b'{"id": "42", "text": "A question mark? Two ?? and a percent sign 5 %"}',
    '{"id": "sound-2", "text": "東京 — naïve café 🚀"}'.encode(),
    b'{"id": "sound-3", "text": "form feed \\f and escape \\u001b are fine"}',
    b'{"id": "sound-4", "text": "%s", "label": "ignored"}' % (b"t" * 1_000),
    '{"id": "sound-5", "text": "%s one character of many was lost: �"}'.encode() % (b"word " * 9),
    b'{"id": "nan", "text": "nan"}',
    b'{"id": "None", "text": "null"}',
    b'{"id": "{braces}", "text": "{and} 100% of %s"}',
)
