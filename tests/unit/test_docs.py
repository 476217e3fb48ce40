"""The documentation, where it can be held to the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from include.config.settings import PREFIX, Settings
from include.domain import errors
from include.domain.batches.documents import QuarantineReason

REPOSITORY = Path(__file__).resolve().parents[2]
PAGES = sorted([*REPOSITORY.glob("*.md"), *(REPOSITORY / "docs").rglob("*.md")])
LINK = re.compile(r"\]\((?!https?://|mailto:|#)(?P<path>[^)#\s]+)(?:#(?P<anchor>[^)]+))?\)")
TABLE = re.compile(r"CREATE (?:TABLE|VIEW) (\w+)")
SAID_TO_READERS = [
    *PAGES,
    *sorted((REPOSITORY / "dags").glob("*.py")),
    *(REPOSITORY / room / "README.md" for room in ("infra", "local_aws", "mlflow")),
]


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as code hosts derive them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_links_lead_somewhere(page):
    for link in LINK.finditer(page.read_text()):
        target = page.parent / link["path"]
        assert target.exists(), link[0]
        if link["anchor"]:
            assert link["anchor"] in anchors(target), link[0]


def said(pattern: str) -> set[str]:
    """What pages, and those of DAGs, name by a pattern's first group."""
    return {name for page in SAID_TO_READERS for name in re.findall(pattern, page.read_text())}


def test_every_variable_is_a_setting():
    settings = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}
    named = said(rf"\b({PREFIX}[A-Z0-9_]*[A-Z0-9])\b(?!_|\*)")

    assert named
    assert {name for name in named if not name.startswith(f"{PREFIX}PORT_")} <= settings


def test_every_command_is_there():
    targets = re.findall(r"^([a-z-]+):", (REPOSITORY / "Makefile").read_text(), re.MULTILINE)
    modules = {name.replace(".", "/") for name in said(r"python -m ((?:include|benchmarks)[\w.]*)")}

    assert modules
    assert {
        name
        for name in modules - {"include/cli/NAME"}
        if not any((REPOSITORY / f"{name}{end}").exists() for end in (".py", "/__main__.py"))
    } == set()
    assert said(r"`make ([a-z-]+)") <= set(targets)


def test_every_target_is_made_whatever_files_there_are():
    makefile = (REPOSITORY / "Makefile").read_text()
    phony = re.search(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)

    assert phony
    assert set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE)) == set(phony[1].split())


def first_cells(page: str) -> set[str]:
    """The first cell of every table row, code marks removed."""
    lines = (REPOSITORY / "docs" / page).read_text().splitlines()
    return {line.split("|")[1].strip().strip("`") for line in lines if line.startswith("| `")}


def test_every_quarantine_reason_is_explained():
    assert {reason.value for reason in QuarantineReason} <= first_cells("bad-input.md")


def test_every_refusal_of_a_batch_is_explained():
    refusals = {kind.__name__ for kind in errors.BatchRejected.__subclasses__()}

    assert refusals
    assert refusals <= first_cells("bad-input.md")


def test_every_table_is_explained():
    migrations = sorted((REPOSITORY / "include/sql/migrations").glob("*.sql"))
    tables = {name for file in migrations for name in TABLE.findall(file.read_text())}
    page = (REPOSITORY / "docs/data-model.md").read_text()

    assert tables
    assert {name for name in tables if f"| `{name}`" not in page} == set()


def test_every_room_is_on_the_map():
    text = (REPOSITORY / "docs/architecture.md").read_text()
    drawn = set(re.findall(r"(\w+)/", text.partition("## The rooms of the house")[2]))
    rooms = {
        file.parent.name
        for layer in ("domain", "pipeline", "adapters", "adapters/aws", "adapters/postgres")
        for file in (REPOSITORY / "include" / layer).glob("*/__init__.py")
    }

    assert rooms
    assert rooms - drawn == set()
