"""Metrics: what Prometheus scrapes. Counted as it happens, or read when it is asked for."""

import math
import platform
import shutil
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

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
from app.engine.holdings import inventory_of
from app.engine.services import Services
from app.ports.clock import Clock

WEBHOOK_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 3)
BROKER_SECONDS = (0.001, 0.005, 0.025, 0.1, 0.25, 0.5, 1, 3, 10)
REFUSALS = (401, 429)
MOST_PENDING = 10_000
"""Alerts whose order is waited for; beyond them the oldest is forgotten, not the memory lost."""


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """What the metrics tell of the house itself. `backup_age`: None when there is no backup.

    `outbox_depths`: how much each sink outside has not been told yet.
    """

    version: str
    data_dir: Path
    clock: Clock
    backup_age: Callable[[], timedelta | None]
    outbox_depths: Callable[[], Mapping[str, int]]


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
        self._mismatches = Counter(
            "novalgo_reconcile_mismatch_total",
            "Orders of ours that their broker does not know, positions that nothing explains.",
            registry=registry,
        )
        self._broker_requests = Counter(
            "novalgo_broker_requests_total",
            "Calls of brokers.",
            ["broker", "op", "outcome"],
            registry=registry,
        )
        self._broker_seconds = Histogram(
            "novalgo_broker_request_seconds",
            "How long calls of brokers took.",
            ["broker", "op"],
            buckets=BROKER_SECONDS,
            registry=registry,
        )
        self._state = _State(registry)
        self._surroundings = _Surroundings(registry)
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
        if event.kind is EventKind.MISMATCH:
            self._mismatches.inc()
        if event.alert_id is not None:
            self._time(event.kind, event.alert_id, event.at, ends=ends)

    def observe_request(self, route: str, status: int, seconds: float) -> None:
        """Count an answer. The route is the rule, never the path."""
        self._requests.labels(route, str(status)).inc()
        if status in REFUSALS:
            self._refused.inc()
        if route.startswith("/webhook"):
            self._webhook.observe(seconds)

    def observe_broker(self, broker: str) -> Callable[[str, str, float], None]:
        """Counts the calls of one broker: what was asked, how it came out, its seconds."""

        def observe(asked: str, outcome: str, seconds: float) -> None:
            self._broker_requests.labels(broker, asked, outcome).inc()
            self._broker_seconds.labels(broker, asked).observe(max(seconds, 0))

        return observe

    def page(self, services: Services, house: House, fine: Mapping[str, bool]) -> bytes:
        """Everything, in Prometheus' text format. What cannot be read is NaN.

        `fine`: the checks of `/ready`.
        """
        self._state.read(services)
        self._surroundings.read(house, fine)
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
        self._unprotected_seconds = gauge(
            "unprotected_seconds_max",
            "The longest that a position stands without the stop that its entry asked for.",
        )
        self._token = gauge(
            "token_expiry_seconds", "How long a token lives; 0 when it is dead.", "account"
        )
        self._token_hours = gauge("token_hours", "1 while a dead token costs trades.")

    def read(self, services: Services) -> None:
        """Ask the journal and the brokers how things stand."""
        self._kill_switch.set(services.kill_switch.state().active)
        self._token_hours.set(services.logins.hours.now())
        for manager in services.logins:
            token, now = manager.current(), services.clock.now()
            left = (token.expires_at - now).total_seconds() if token is not None else 0
            self._token.labels(manager.account).set(left)
        self._read_positions(services)
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

    def _read_positions(self, services: Services) -> None:
        """What is known of is told, also while another account cannot be read: it is too little.

        Nothing known of is not nothing then, but NaN: that account may hold what the others do not.
        """
        try:
            inventory = inventory_of(services.accounts, services.journal)
            bare = [holding for holding in inventory.holdings if not holding.protected]
            since = [
                services.records.unprotected_since(each.account, each.position.instrument)
                for each in bare
            ]
        except (BrokerError, JournalError):
            self._unprotected.set(math.nan)
            self._unprotected_seconds.set(math.nan)
            return
        now = services.clock.now()
        seconds = [(now - moment).total_seconds() for moment in since if moment is not None]
        nothing = math.nan if inventory.unreadable else 0
        self._unprotected.set(len(bare) or nothing)
        self._unprotected_seconds.set(max(seconds, default=0) or nothing)


class _Surroundings:
    """Figures of the house, read at each scrape too."""

    def __init__(self, registry: CollectorRegistry) -> None:
        def gauge(name: str, words: str, *labels: str) -> Gauge:
            return Gauge(f"novalgo_{name}", words, labels, registry=registry)

        self._build = gauge("build_info", "1, with what runs.", "version", "python")
        self._ready = gauge("ready_check", "1 for each check of /ready that is fine.", "check")
        self._free = gauge("disk_free_bytes", "Room on the disk of the database.")
        self._size = gauge("disk_size_bytes", "Size of the disk of the database.")
        self._backup_age = gauge(
            "backup_age_seconds", "Age of the newest backup; NaN when there is none."
        )
        self._skew = gauge(
            "clock_skew_seconds", "How far the time of day was moved since the first scrape."
        )
        self._outbox = gauge("outbox_depth", "What a sink has not been told yet.", "sink")
        self._gap: float | None = None

    def read(self, house: House, fine: Mapping[str, bool]) -> None:
        """Look at the disk, the clock and the backups."""
        self._build.labels(house.version, platform.python_version()).set(1)
        for name, is_fine in fine.items():
            self._ready.labels(name).set(is_fine)
        self._read_disk(house.data_dir)
        self._read_outbox(house.outbox_depths)
        age = house.backup_age()
        self._backup_age.set(math.nan if age is None else age.total_seconds())
        gap = house.clock.now().timestamp() - house.clock.monotonic()
        self._gap = gap if self._gap is None else self._gap
        self._skew.set(gap - self._gap)

    def _read_outbox(self, depths: Callable[[], Mapping[str, int]]) -> None:
        """Not there at all while it cannot be read, or for a sink that went."""
        self._outbox.clear()
        with suppress(JournalError):
            for sink, depth in depths().items():
                self._outbox.labels(sink).set(depth)

    def _read_disk(self, folder: Path) -> None:
        try:
            usage = shutil.disk_usage(folder)
        except OSError:
            self._free.set(math.nan)
            self._size.set(math.nan)
        else:
            self._free.set(usage.free)
            self._size.set(usage.total)
