"""Documents for the demo and the benchmarks: the product's sample, recombined, seeded.

A document is a title and two sentences of three different articles of one class, so that a few
hundred articles give millions of distinct documents whose topic is still plain.
`python -m stack.demo_documents 200000 > documents.jsonl` writes as many as asked for.
"""

import argparse
import json
import random
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from stack.errors import StackError
from stack.paths import ROOT

SAMPLE = ROOT / "include" / "sample" / "news.jsonl"

_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z\"'])")


@dataclass(frozen=True, slots=True)
class Parts:
    """What the articles of one class are taken apart into, one entry an article."""

    titles: tuple[str, ...]
    openings: tuple[str, ...]
    endings: tuple[str, ...]

    @property
    def combinations(self) -> int:
        """How many distinct documents the parts give."""
        return len(self.titles) * len(self.openings) * len(self.endings)

    def compose(self, number: int) -> str:
        """Return the text of one combination, `0 <= number < combinations`."""
        number, title = divmod(number, len(self.titles))
        ending, opening = divmod(number, len(self.openings))
        return f"{self.titles[title]}. {self.openings[opening]} {self.endings[ending]}"


def read_parts(sample: Path = SAMPLE) -> list[Parts]:
    """Take the sample apart, by class in the order of their names; repeated parts count once."""
    by_label: dict[str, tuple[dict[str, None], dict[str, None], dict[str, None]]] = {}
    for line in sample.read_text(encoding="utf-8").splitlines():
        article = json.loads(line)
        titles, openings, endings = by_label.setdefault(article["label"], ({}, {}, {}))
        opening, *rest = _SENTENCE_END.split(article["text"], maxsplit=1)
        titles[article["title"].rstrip(".")] = None
        openings[opening] = None
        endings[rest[0] if rest else opening] = None
    return [Parts(*(tuple(part) for part in by_label[label])) for label in sorted(by_label)]


def documents(count: int, seed: int, parts: list[Parts]) -> Iterator[dict[str, str]]:
    """Yield distinct documents `{"id", "text"}`, the classes in turn; the same seed, the same ones.

    Raises:
        StackError: the sample does not give that many.
    """
    most = min(each.combinations for each in parts) * len(parts)
    if count > most:
        raise StackError(f"the sample gives {most:,} distinct documents, not {count:,}")
    random_source = random.Random(seed)  # noqa: S311 - documents, not secrets
    share = -(-count // len(parts))
    chosen = [random_source.sample(range(each.combinations), share) for each in parts]
    for index in range(count):
        turn, label = divmod(index, len(parts))
        text = parts[label].compose(chosen[label][turn])
        yield {"id": f"demo-{seed}-{index:07}", "text": text}


def poisoned_lines(
    lines: Iterator[dict[str, str]], count: int, poison: int, seed: int
) -> Iterator[str]:
    """Yield JSON Lines in which `poison` of the `count` rows are spoilt, evenly of each kind.

    No row is added and no id of a sound document is lost to a duplicate.
    """
    random_source = random.Random(seed + 1)  # noqa: S311 - documents, not secrets
    # Never the first row: a duplicate needs an earlier, sound id.
    spoilt = set(random_source.sample(range(1, count), poison)) if poison else set()
    earlier = ""
    kind = 0
    for index, document in enumerate(lines):
        if index in spoilt:
            yield _spoil(document, kind, earlier)
            kind += 1
        else:
            earlier = document["id"]
            yield json.dumps(document, ensure_ascii=False)


def _spoil(document: dict[str, str], kind: int, earlier_id: str) -> str:
    match kind % 6:
        case 0:
            return json.dumps({"text": document["text"]})
        case 1:
            return json.dumps({"id": earlier_id, "text": document["text"]})
        case 2:
            return json.dumps({"id": document["id"], "text": "   "})
        case 3:
            return json.dumps({"id": document["id"]})
        case 4:
            return json.dumps(document)[:-7]
        case _:
            return json.dumps([document["id"], document["text"]])


def write_documents(path: Path, count: int, seed: int, poison: int = 0) -> None:
    """Write a JSON Lines file of `count` rows, `poison` of them spoilt."""
    lines = poisoned_lines(documents(count, seed, read_parts()), count, poison, seed)
    with path.open("w", encoding="utf-8") as file:
        for line in lines:
            file.write(line + "\n")


def main() -> None:
    """Write documents to standard output."""
    parser = argparse.ArgumentParser(prog="stack.demo_documents", description=__doc__)
    parser.add_argument("count", type=int)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--poison", type=int, default=0, help="how many rows to spoil")
    chosen = parser.parse_args()
    sound = documents(chosen.count, chosen.seed, read_parts())
    for line in poisoned_lines(sound, chosen.count, chosen.poison, chosen.seed):
        sys.stdout.write(line + "\n")


if __name__ == "__main__":
    main()
