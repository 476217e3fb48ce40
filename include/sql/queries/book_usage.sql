INSERT INTO usage_charges (
    x_charge_id, x_kind, x_batch_id, x_model_name, x_model_version, x_is_emulated, sub_account_id,
    charge_period_start, charge_period_end, service_name, resource_id, sku_id, pricing_quantity,
    pricing_unit, list_unit_price, list_cost, billed_cost, x_waste_list_cost, x_lane
) VALUES (
    %(charge_id)s, %(kind)s, %(batch_id)s, %(model_name)s, %(model_version)s, %(is_emulated)s,
    %(account_id)s, %(period_start)s, %(period_end)s, %(service)s, %(resource_id)s, %(sku)s,
    %(quantity)s, %(unit)s, %(unit_price)s, %(list_cost)s, %(billed_cost)s, %(waste_cost)s,
    (SELECT lane FROM batches WHERE batch_id = %(batch_id)s)
)
ON CONFLICT (x_charge_id) DO UPDATE SET
    charge_period_end = excluded.charge_period_end,
    pricing_quantity = excluded.pricing_quantity,
    list_unit_price = excluded.list_unit_price,
    list_cost = excluded.list_cost,
    billed_cost = excluded.billed_cost,
    x_waste_list_cost = excluded.x_waste_list_cost,
    x_lane = excluded.x_lane
