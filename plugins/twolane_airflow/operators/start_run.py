"""Starting a run with values that came from outside."""

from __future__ import annotations

from collections.abc import Sequence

from airflow.providers.standard.operators.trigger_dagrun import TriggerDagRunOperator


class StartRun(TriggerDagRunOperator):
    """Triggers a run once, under an id that is given, with its values as they are.

    The provider's operator renders `conf` as a Jinja template, mapped values included: a file
    named `{{ var.value.secret }}.jsonl` would be read as a program.
    """

    template_fields: Sequence[str] = ()
