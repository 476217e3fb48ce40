from stack.airflow_api import last_exception
from stack.figures import Figures
from stack.ports import conflict_message, port_setting
from stack.processes import tail


def _figures(**changes):
    values = {
        "batch_id": "b1",
        "run_id": "r1",
        "account_id": "acme",
        "tier": "trial",
        "document_count": 200,
        "lane": "serverless",
        "placement_reason": "cheapest",
        "state": "succeeded",
        "message": "",
        "deadline_s": 60.0,
        "deadline_met": True,
        "elapsed_s": 4.0,
        "documents_per_s": 50.0,
        "prediction_count": 196,
        "quarantined_count": 4,
        "list_cost_usd": 0.001,
        "is_emulated": True,
        "quality_uri": "",
        "dynamodb_count": 196,
    }
    return Figures(**{**values, **changes})


def test_a_taken_port_names_port_holder_and_variable():
    message = conflict_message(
        "airflow-api", port_setting("airflow-api"), 8080, "process 7 (nginx)"
    )
    assert "8080" in message
    assert "process 7 (nginx)" in message
    assert "TWOLANE_PORT_AIRFLOW=" in message


def test_figures_add_up_only_if_both_stores_hold_what_is_not_quarantined():
    assert _figures().adds_up
    assert not _figures(dynamodb_count=195).adds_up
    assert not _figures(prediction_count=195).adds_up
    assert not _figures(quarantined_count=3).adds_up


def test_the_last_exception_of_a_task_log():
    log = {
        "content": [
            {"event": "start"},
            {"error_detail": [{"exc_type": "ObjectMissing", "exc_value": "s3://x/y is not there"}]},
        ]
    }
    assert last_exception(log) == "s3://x/y is not there"
    assert "log" in last_exception({"content": []})


def test_the_end_of_a_log(tmp_path):
    log = tmp_path / "a.log"
    log.write_text("".join(f"line {number}\n" for number in range(1000)))
    assert tail(log, 2) == "line 998\nline 999"
    assert tail(tmp_path / "none.log", 2) == ""
