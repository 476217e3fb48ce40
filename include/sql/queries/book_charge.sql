-- Work that went on after it was booked gets its new quantities; a repetition changes nothing.
INSERT INTO charges AS c (
    x_charge_id, x_batch_id, x_lane, x_is_emulated, sub_account_id, charge_period_start,
    charge_period_end, resource_id, sku_id, pricing_quantity, list_cost, billed_cost,
    x_billable_seconds, x_capacity, x_waste_list_cost, x_waste
)
VALUES (
    %(charge_id)s, %(batch_id)s, %(lane)s, %(is_emulated)s, %(account_id)s,
    %(charge_period_start)s, %(charge_period_end)s, %(resource_id)s, %(sku)s,
    %(pricing_quantity)s, %(list_cost)s, %(billed_cost)s,
    %(billable_s)s, %(capacity)s, %(total_waste_cost)s, %(waste)s
)
ON CONFLICT (x_charge_id) DO UPDATE SET
    charge_period_end = excluded.charge_period_end,
    pricing_quantity = excluded.pricing_quantity,
    list_cost = excluded.list_cost,
    billed_cost = excluded.billed_cost,
    x_billable_seconds = excluded.x_billable_seconds,
    x_waste_list_cost = excluded.x_waste_list_cost,
    x_waste = excluded.x_waste,
    booked_at = now()
WHERE c.charge_period_end < excluded.charge_period_end
