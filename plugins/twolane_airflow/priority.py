"""The priority of a batch's tasks: in the bulk pool the batch that is due first goes first.

Airflow calls `by_deadline` as it makes a run's task instances, where its `airflow_local_settings`
names it as `task_instance_mutation_hook`: before the batch is pulled, so from the run's form alone.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from include.domain.accounts import Tier
from include.domain.sla.urgency import priority_weight

ASSUMED_TIER = {"document_inference": Tier.STANDARD, "nightly_enterprise": Tier.ENTERPRISE}
"""By DAG: the tier whose deadline counts, where a run's form names neither tier nor deadline."""

log = logging.getLogger(__name__)


def by_deadline(task_instance: Any, dag_run: Any) -> None:
    """Give a task instance of a batch's run the priority that its deadline asks for.

    It never raises, since that would stop the scheduler; what it cannot read keeps Airflow's own
    weight, and is logged.
    """
    if dag_run is None or task_instance.dag_id not in ASSUMED_TIER:
        return
    try:
        due_at = _due_at(dag_run.conf or {}, dag_run.run_after, ASSUMED_TIER[task_instance.dag_id])
    except Exception:
        log.exception("run %s has no priority of its own", dag_run.run_id)
        return
    task_instance.priority_weight = priority_weight(due_at)


def _due_at(conf: Mapping[str, Any], run_after: datetime, assumed: Tier) -> datetime:
    said = conf.get("submitted_at")
    submitted_at = min(datetime.fromisoformat(said), run_after) if said else run_after
    if minutes := conf.get("deadline_minutes"):
        return submitted_at + timedelta(minutes=float(minutes))
    from include.wiring.watch import watch

    tier = Tier(conf["tier"]) if conf.get("tier") else assumed
    return submitted_at + timedelta(seconds=watch().lanes.deadline_s[tier])
