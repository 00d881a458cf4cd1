"""Metrics: what is counted as it happens."""

from datetime import UTC, datetime, timedelta

import pytest

from app.adapters import metrics
from app.adapters.metrics import Metrics
from app.domain.events import Event, EventKind
from app.domain.outcome import FINAL_STATUSES

START = datetime(2026, 11, 20, tzinfo=UTC)


def event(kind: EventKind, alert_id: str = "A1", after: float = 0, **facts: object) -> Event:
    at = START + timedelta(seconds=after)
    return Event(kind=kind, at=at, alert_id=alert_id, symbol="SECRETSYMBOL", facts=facts)


def figures(counted: Metrics) -> dict[str, float]:
    """The samples that were counted, without asking a server."""
    text = counted.counted().decode()
    lines = (line for line in text.splitlines() if not line.startswith("#"))
    return {name: float(value) for name, _, value in (line.rpartition(" ") for line in lines)}


def test_every_outcome_is_there_from_the_start() -> None:
    shown = figures(Metrics())
    for status in FINAL_STATUSES:
        assert shown[f'novalgo_alerts_total{{outcome="{status}"}}'] == 0


def test_an_alert_counts_once_when_it_ends() -> None:
    counted = Metrics()
    counted.hear(event(EventKind.RECEIVED))
    counted.hear(event(EventKind.FINISHED, status="success"))
    counted.hear(event(EventKind.RECEIVED, "A2", status="denied"))
    shown = figures(counted)
    assert shown['novalgo_alerts_total{outcome="success"}'] == 1
    assert shown['novalgo_alerts_total{outcome="denied"}'] == 1


def test_the_time_to_the_first_order_is_measured_once_an_alert() -> None:
    counted = Metrics()
    counted.hear(event(EventKind.RECEIVED))
    counted.hear(event(EventKind.SUBMITTING, after=0.02))
    counted.hear(event(EventKind.SUBMITTING, after=9))
    counted.hear(event(EventKind.FINISHED, after=10, status="success"))
    shown = figures(counted)
    assert shown["novalgo_alert_to_order_seconds_count"] == 1
    assert shown["novalgo_alert_to_order_seconds_sum"] == pytest.approx(0.02)


def test_an_alert_without_an_order_is_not_measured() -> None:
    counted = Metrics()
    counted.hear(event(EventKind.RECEIVED))
    counted.hear(event(EventKind.FINISHED, status="skipped"))
    counted.hear(event(EventKind.SUBMITTING, after=3))
    assert figures(counted)["novalgo_alert_to_order_seconds_count"] == 0


def test_a_clock_that_was_set_back_measures_nothing_below_zero() -> None:
    counted = Metrics()
    counted.hear(event(EventKind.RECEIVED))
    counted.hear(event(EventKind.SUBMITTING, after=-60))
    assert figures(counted)["novalgo_alert_to_order_seconds_sum"] == 0


def test_alerts_that_never_end_do_not_fill_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metrics, "MOST_PENDING", 2)
    counted = Metrics()
    for name in ("A1", "A2", "A3"):
        counted.hear(event(EventKind.RECEIVED, name))
    for name in ("A1", "A2", "A3"):
        counted.hear(event(EventKind.SUBMITTING, name))
    assert figures(counted)["novalgo_alert_to_order_seconds_count"] == 2


def test_an_answer_counts_by_its_route_and_status() -> None:
    counted = Metrics()
    counted.observe_request("/positions", 200, 0.01)
    assert figures(counted)['novalgo_requests_total{route="/positions",status="200"}'] == 1


def test_only_deliveries_are_in_the_histogram_of_the_webhook() -> None:
    counted = Metrics()
    counted.observe_request("/webhook", 202, 0.004)
    counted.observe_request("/webhook/<token>", 202, 0.3)
    counted.observe_request("/positions", 200, 0.3)
    shown = figures(counted)
    assert shown["novalgo_webhook_duration_seconds_count"] == 2
    assert shown['novalgo_webhook_duration_seconds_bucket{le="0.005"}'] == 1


@pytest.mark.parametrize(("status", "refused"), [(401, 1), (429, 1), (200, 0), (404, 0)])
def test_refused_secrets_are_counted(status: int, refused: int) -> None:
    counted = Metrics()
    counted.observe_request("/webhook", status, 0.001)
    assert figures(counted)["novalgo_secrets_refused_total"] == refused


def test_no_label_names_a_symbol() -> None:
    counted = Metrics()
    for kind in EventKind:
        counted.hear(event(kind, status="success"))
    assert "SECRETSYMBOL" not in counted.counted().decode()


def test_two_servers_in_one_process_count_apart() -> None:
    first, second = Metrics(), Metrics()
    first.observe_request("/webhook", 202, 0.1)
    assert figures(second)["novalgo_webhook_duration_seconds_count"] == 0


def test_calls_of_brokers_are_counted_by_broker_request_and_outcome() -> None:
    counted = Metrics()
    observe = counted.observe_broker("alpaca")
    observe("submit", "answered", 0.2)
    observe("submit", "unknown", 3.5)
    counted.observe_broker("paper")("find", "answered", -1)  # a clock was set back
    shown = figures(counted)
    asked = 'novalgo_broker_requests_total{broker="alpaca",op="submit",outcome='
    assert [shown[f'{asked}"{word}"}}'] for word in ("answered", "unknown")] == [1, 1]
    assert shown['novalgo_broker_request_seconds_sum{broker="alpaca",op="submit"}'] == 3.7
    assert shown['novalgo_broker_request_seconds_sum{broker="paper",op="find"}'] == 0


def test_an_order_that_its_broker_does_not_know_is_a_mismatch() -> None:
    counted = Metrics()
    assert figures(counted)["novalgo_reconcile_mismatch_total"] == 0
    counted.hear(event(EventKind.MISMATCH))
    assert figures(counted)["novalgo_reconcile_mismatch_total"] == 1
