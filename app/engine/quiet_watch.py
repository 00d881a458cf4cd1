"""The quiet watch: an alert that came again and again, and comes no more, is told of once.

TradingView stops an alert by itself: it expires, its plan ends, its script fails. Nothing else
would say so. What is usual is learned from the journal, at each start anew.
"""

from collections import OrderedDict
from collections.abc import Mapping
from datetime import datetime, timedelta

from app.domain.alert import Alert
from app.domain.cadence import Cadence, Kind
from app.domain.events import Event, EventKind
from app.domain.identity import alert_id_of, alert_number_at
from app.engine.sessions import Sessions
from app.ports.clock import Clock
from app.ports.journal import Journal

LEARNED_FROM = timedelta(days=60)
"""How far back it looks; what did not come since then is forgotten."""
SETTLED = timedelta(seconds=5)
"""So old is an alert before it is read: others may still be on their way into the journal."""
FEW = 200
"""Alerts that are read in one step."""
REST = 60.0
"""Seconds between two looks, when all was read."""
MOST = 1000
"""Kinds of alerts that are watched; the one that came longest ago makes room."""


class QuietWatch:
    """Listens for silence."""

    def __init__(self, journal: Journal, sessions: Sessions, clock: Clock) -> None:
        self._journal = journal
        self._sessions = sessions
        self._clock = clock
        self._read_to = alert_id_of(alert_number_at(clock.now() - LEARNED_FROM, 0))
        self._not_before = 0.0
        self._told: dict[Kind, datetime] = {}
        self._cadences: OrderedDict[Kind, tuple[Cadence, Alert]] = OrderedDict()

    def look(self) -> None:
        """Read the next alerts; when there are no more, see who is quiet."""
        if self._clock.monotonic() < self._not_before:
            return
        until = alert_id_of(alert_number_at(self._clock.now() - SETTLED, 0))
        heard = self._journal.alerts_between(self._read_to, until, FEW)
        for each in heard:
            self._read_to = each.alert_id
            if each.alert.symbol:
                self._hear(each.account or "", each.alert, each.received_at)
        if len(heard) < FEW:
            self._not_before = self._clock.monotonic() + REST
            self._tell()

    @property
    def learned(self) -> Mapping[Kind, Cadence]:
        """What is known so far."""
        return {kind: cadence for kind, (cadence, _) in self._cadences.items()}

    def _hear(self, account: str, alert: Alert, at: datetime) -> None:
        kind = Kind(account, alert.strategy or "", alert.symbol, alert.timeframe or "")
        known = self._cadences.pop(kind, None)
        if known is None or known[0].last < at - LEARNED_FROM:
            cadence = Cadence(at)
        else:
            cadence = known[0]
            cadence.hear(at, self._sessions.open_time(alert, cadence.last, at))
        self._cadences[kind] = (cadence, alert)
        if len(self._cadences) > MOST:
            oldest, _ = self._cadences.popitem(last=False)
            self._told.pop(oldest, None)

    def _tell(self) -> None:
        now = self._clock.now()
        for kind, (cadence, alert) in self._cadences.items():
            patience = cadence.patience
            if patience is None or now - cadence.last < patience:
                continue
            told = self._told.get(kind) == cadence.last
            if not told and self._sessions.open_time(alert, cadence.last, now) >= patience:
                self._tell_of(kind, cadence, now)
                self._told[kind] = cadence.last

    def _tell_of(self, kind: Kind, cadence: Cadence, now: datetime) -> None:
        facts: dict[str, object] = {
            "strategy": kind.strategy,
            "timeframe": kind.timeframe,
            "last": f"{cadence.last:%Y-%m-%d %H:%M} UTC",
            "usual_hours": f"{(cadence.usual or timedelta(0)) / timedelta(hours=1):.1f}",
        }
        event = Event(
            kind=EventKind.WENT_QUIET,
            at=now,
            account=kind.account or None,
            symbol=kind.symbol,
            problem=True,
            facts=facts,
        )
        name = f"quiet/{kind.account}/{kind.strategy}/{kind.symbol}/{kind.timeframe}"
        with self._journal.unit() as unit:
            if unit.mark(name, cadence.last.isoformat()):
                unit.record(event)
