"""Metrics: what Prometheus scrapes. Counted as it happens, or read when it is asked for."""

import math
import threading
from collections import OrderedDict
from datetime import datetime

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    ProcessCollector,
    disable_created_metrics,
    generate_latest,
)

from app.domain.errors import BrokerError, JournalError
from app.domain.events import Event, EventKind
from app.domain.order import OrderStatus
from app.domain.outcome import FINAL_STATUSES
from app.engine.holdings import holdings_of
from app.engine.services import Services

WEBHOOK_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 3)
REFUSALS = (401, 429)
MOST_PENDING = 10_000
"""Alerts whose order is waited for; beyond them the oldest is forgotten, not the memory lost."""


class Metrics:
    """The figures of this process, in a registry of their own. No label names a symbol."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # the library has no types here
        self._registry = registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        self._webhook = Histogram(
            "novalgo_webhook_duration_seconds",
            "Time to answer a webhook delivery, a wait that was asked for included.",
            buckets=WEBHOOK_SECONDS,
            registry=registry,
        )
        self._requests = Counter(
            "novalgo_requests_total", "Answers given.", ["route", "status"], registry=registry
        )
        self._refused = Counter(
            "novalgo_secrets_refused_total",
            "Requests with a wrong or missing secret or key.",
            registry=registry,
        )
        self._alerts = Counter(
            "novalgo_alerts_total", "Alerts that ended.", ["outcome"], registry=registry
        )
        self._to_order = Histogram(
            "novalgo_alert_to_order_seconds",
            "From the receipt of an alert to its first order being sent.",
            buckets=WEBHOOK_SECONDS,
            registry=registry,
        )
        self._state = _State(registry)
        self._received: OrderedDict[str, datetime] = OrderedDict()
        self._lock = threading.Lock()
        for status in FINAL_STATUSES:
            self._alerts.labels(status.value)

    def hear(self, event: Event) -> None:
        """Count an event."""
        # An alert that needs no work ends as it is received.
        ends = event.kind in (EventKind.RECEIVED, EventKind.FINISHED) and "status" in event.facts
        if ends:
            self._alerts.labels(str(event.facts["status"])).inc()
        if event.alert_id is not None:
            self._time(event.kind, event.alert_id, event.at, ends=ends)

    def observe_request(self, route: str, status: int, seconds: float) -> None:
        """Count an answer. The route is the rule, never the path."""
        self._requests.labels(route, str(status)).inc()
        if status in REFUSALS:
            self._refused.inc()
        if route.startswith("/webhook"):
            self._webhook.observe(seconds)

    def page(self, services: Services) -> bytes:
        """Everything, in Prometheus' text format. What cannot be read is NaN."""
        self._state.read(services)
        return self.counted()

    def counted(self) -> bytes:
        """The same as far as it is known without asking anybody."""
        return generate_latest(self._registry)

    def _time(self, kind: EventKind, alert_id: str, at: datetime, *, ends: bool) -> None:
        with self._lock:
            if kind is EventKind.RECEIVED and not ends:
                self._received[alert_id] = at
                if len(self._received) > MOST_PENDING:
                    self._received.popitem(last=False)
            elif kind is EventKind.SUBMITTING or ends:
                received_at = self._received.pop(alert_id, None)
                if received_at is not None and not ends:
                    self._to_order.observe(max((at - received_at).total_seconds(), 0))


class _State:
    """Figures that are read at each scrape."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def gauge(name: str, words: str, *labels: str) -> Gauge:
            return Gauge(f"novalgo_{name}", words, labels, registry=registry)

        self._orders = gauge("orders", "Orders in the journal.", "state")
        self._unknown = gauge("intents_unknown", "Orders that may have reached the broker.")
        self._queue = gauge("queue_depth", "Alerts whose work is not finished.")
        self._queue_age = gauge("queue_age_seconds", "How long the oldest ready work waits.")
        self._kill_switch = gauge("kill_switch", "1 while no entry is made.")
        self._unprotected = gauge(
            "positions_unprotected", "Positions that no live stop of ours covers."
        )

    def read(self, services: Services) -> None:
        """Ask the journal and the brokers how things stand."""
        self._kill_switch.set(services.kill_switch.state().active)
        self._unprotected.set(_unprotected(services))
        try:
            counts = services.records.counts()
        except JournalError:
            for gauge in (self._unknown, self._queue, self._queue_age):
                gauge.set(math.nan)
            self._orders.clear()
            return
        for status in OrderStatus:
            self._orders.labels(status.value).set(counts.orders_by_status.get(status.value, 0))
        self._unknown.set(counts.unknown_orders)
        self._queue.set(sum(counts.jobs_by_state.values()))
        due = counts.oldest_ready_at
        late = (services.clock.now() - due).total_seconds() if due is not None else 0
        self._queue_age.set(max(late, 0))


def _unprotected(services: Services) -> float:
    """How many; NaN when one account cannot be read: it may hold what the others do not."""
    try:
        held = [
            holding
            for account in services.accounts
            for holding in holdings_of(account, services.journal)
        ]
    except (BrokerError, JournalError):
        return math.nan
    return sum(not holding.protected for holding in held)
