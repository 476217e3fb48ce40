"""The table a demo and a submission end with."""

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from stack.figures import Figures


def result_table(rows: Sequence[tuple[str, Figures]]) -> Table:
    """Return the table of batches, each with the name a person knows it by."""
    table = Table(title="What became of each batch", title_justify="left", show_lines=True)
    table.add_column("batch · account", no_wrap=True)
    table.add_column("documents", justify="right")
    table.add_column("lane, and why", ratio=1, min_width=28)
    table.add_column("deadline")
    table.add_column("seconds", justify="right")
    table.add_column("docs/s", justify="right")
    table.add_column("list cost\n(emulated)", justify="right")
    table.add_column("DynamoDB\nrows", justify="right")
    table.add_column("Aurora\nrows", justify="right")
    table.add_column("quaran-\ntined", justify="right")
    for title, figures in rows:
        table.add_row(*_cells(title, figures))
    return table


def _cells(title: str, figures: Figures) -> tuple[str | Text, ...]:
    lane = figures.lane or "none"
    counts = "" if figures.adds_up else "bold red"
    return (
        Text.assemble((title, "bold"), f"\n{figures.account_id}"),
        f"{figures.document_count:,}",
        Text.assemble((lane, "bold cyan"), f" {figures.placement_reason or figures.message}"),
        _deadline(figures),
        _number(figures.elapsed_s, "{:,.1f}"),
        _number(figures.documents_per_s, "{:,.0f}"),
        f"${figures.list_cost_usd:.6f}",
        Text(f"{figures.dynamodb_count:,}", style=counts),
        Text(f"{figures.prediction_count:,}", style=counts),
        Text(f"{figures.quarantined_count:,}", style=counts),
    )


def _deadline(figures: Figures) -> Text:
    length = f"{figures.deadline_s:,.0f} s"
    if figures.deadline_met is None:
        return Text(f"{length}\nopen")
    verdict, style = ("met", "green") if figures.deadline_met else ("missed", "red")
    return Text.assemble(f"{length}\n", (verdict, style))


def _number(value: float | None, form: str) -> str:
    return "–" if value is None else form.format(value)
