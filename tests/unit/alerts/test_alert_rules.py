"""The alerts file."""

from __future__ import annotations

import pytest

from include.config import Settings
from include.domain.alerts import AlertKind
from include.domain.errors import AlertsUnavailable
from include.domain.queues.lane_class import LaneClass
from include.files.alert_rules import load_alert_rules

FILE = """
[channels.slack]
kinds = {kinds}

[queues.bulk]
max_waiting = {waiting}
max_age_s = 60
"""


def test_the_file_of_the_product_tells_somebody_of_everything():
    rules = load_alert_rules(Settings.model_fields["alerts_file"].default)

    assert frozenset().union(*rules.kinds.values()) == frozenset(AlertKind)
    assert set(rules.queues) == set(LaneClass)


def test_kinds_are_listed_or_all(tmp_path):
    path = tmp_path / "alerts.toml"
    path.write_text(FILE.format(kinds='["drift", "budget"]', waiting=5))
    assert load_alert_rules(path).kinds == {"slack": {AlertKind.DRIFT, AlertKind.BUDGET}}

    path.write_text(FILE.format(kinds='["*"]', waiting=5))
    assert load_alert_rules(path).kinds == {"slack": frozenset(AlertKind)}

    path.write_text(FILE.format(kinds="[]", waiting=5))
    assert load_alert_rules(path).kinds == {"slack": frozenset()}


@pytest.mark.parametrize(
    "text",
    [
        FILE.format(kinds='["drfit"]', waiting=5),
        FILE.format(kinds='["*", "drift"]', waiting=5),
        FILE.format(kinds='["*"]', waiting=-1),
        FILE.format(kinds='["*"]', waiting=5).replace("slack", "pager"),
        "[channels",
    ],
)
def test_a_file_with_a_mistake_is_refused(tmp_path, text):
    path = tmp_path / "alerts.toml"
    path.write_text(text)

    with pytest.raises(AlertsUnavailable, match=r"alerts\.toml"):
        load_alert_rules(path)
