"""The table a demo and a submission end with."""

from collections.abc import Sequence

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.table import Table
from rich.text import Text

from stack.figures import Figures

#: Narrower terminals get the reasons below the table, not in it.
_WIDE_CHARACTERS = 130

_TITLE = "What became of each batch"
_COUNTS = ("Dynamo\nrows", "Aurora\nrows", "quaran-\ntined")


def print_results(console: Console, rows: Sequence[tuple[str, Figures]]) -> None:
    """Print the table of batches, each with the name a person knows it by."""
    if console.width >= _WIDE_CHARACTERS:
        console.print(_wide_table(rows))
        return
    console.print(_narrow_table(rows))
    for title, figures in rows:
        why = Text.assemble((title, "bold"), f" on {figures.lane or 'no lane'}: ", _reason(figures))
        console.print(why)


def _wide_table(rows: Sequence[tuple[str, Figures]]) -> Table:
    table = Table(title=_TITLE, title_justify="left", show_lines=True)
    table.add_column("batch\naccount", overflow="fold")
    table.add_column("documents", justify="right")
    table.add_column("lane, and why", ratio=1, min_width=28)
    table.add_column("deadline")
    for heading in ("seconds", "docs/s", "list cost\n(emulated)", *_COUNTS):
        table.add_column(heading, justify="right")
    for title, figures in rows:
        lane = (figures.lane or "none", "bold cyan")
        table.add_row(
            Text.assemble((title, "bold"), f"\n{figures.account_id}"),
            f"{figures.document_count:,}",
            Text.assemble(lane, f": {_reason(figures)}"),
            _deadline(figures),
            _number(figures.elapsed_s),
            _number(figures.documents_per_s),
            f"${figures.list_cost_usd:.6f}",
            *_counts(figures),
        )
    return table


def _narrow_table(rows: Sequence[tuple[str, Figures]]) -> Table:
    table = Table(
        title=_TITLE, title_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0), pad_edge=False
    )
    table.add_column("batch, account", overflow="fold")
    table.add_column("docu-\nments", justify="right")
    table.add_column("dead-\nline")
    for heading in ("seconds,\ndocs/s", "list cost\n(emulated)", *_COUNTS):
        table.add_column(heading, justify="right")
    for title, figures in rows:
        table.add_row(
            Text.assemble((title, "bold"), f"\n{figures.account_id}"),
            f"{figures.document_count:,}",
            _deadline(figures),
            f"{_number(figures.elapsed_s)}\n{_number(figures.documents_per_s)}",
            f"${figures.list_cost_usd:.6f}",
            *_counts(figures),
        )
    return table


def _counts(figures: Figures) -> list[Text]:
    style = "" if figures.adds_up else "bold red"
    numbers = (figures.dynamodb_count, figures.prediction_count, figures.quarantined_count)
    return [Text(f"{number:,}", style=style) for number in numbers]


def _reason(figures: Figures) -> str:
    """Return why the lane was taken, or why the batch failed; the lane's name not repeated."""
    reason = figures.placement_reason or figures.message
    return reason.removeprefix(f"{figures.lane}: ")


def _deadline(figures: Figures) -> Text:
    length = f"{figures.deadline_s:,.0f} s"
    if figures.deadline_met is None:
        return Text(f"{length}\nopen")
    verdict, style = ("met", "green") if figures.deadline_met else ("missed", "red")
    return Text.assemble(f"{length}\n", (verdict, style))


def _number(value: float | None) -> str:
    if value is None:
        return "–"
    return f"{value:,.1f}" if value < 100 else f"{value:,.0f}"
