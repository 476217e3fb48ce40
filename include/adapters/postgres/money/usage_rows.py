"""Rows of `usage_charges`, written within whoever's transaction."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from include.adapters.postgres.queries import query
from include.domain.money.usage import UsageCharge

if TYPE_CHECKING:
    from psycopg import Connection


def book_usage(connection: Connection[Any], charges: Sequence[UsageCharge]) -> None:
    """Book charges in a transaction; one that stands gets the quantity and cost given."""
    if charges:
        connection.cursor().executemany(query("book_usage"), [_values(each) for each in charges])


def _values(charge: UsageCharge) -> dict[str, object]:
    owner, price = charge.owner, charge.price
    return {
        "charge_id": charge.charge_id,
        "kind": charge.kind.value,
        "batch_id": owner.batch_id,
        "account_id": owner.account_id,
        "model_name": owner.model_name,
        "model_version": owner.model_version,
        "is_emulated": charge.is_emulated,
        "period_start": charge.period_start,
        "period_end": charge.period_end,
        "service": price.key.service.value,
        "resource_id": charge.resource_id,
        "sku": price.key.sku,
        "quantity": charge.quantity,
        "unit": price.unit.value,
        "unit_price": price.usd,
        "list_cost": charge.list_cost,
        "billed_cost": charge.billed_cost,
        "waste_cost": charge.waste_cost,
    }
