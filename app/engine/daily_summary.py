"""The daily summary: one event a day, of what was traded, is open, and went wrong."""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import TypeVar

from app.domain.errors import BrokerError
from app.domain.events import Event, EventKind
from app.domain.letters import title_of
from app.domain.times_of_day import TimeOfDay
from app.engine.accounts import Account, Accounts
from app.ports.clock import Clock
from app.ports.journal import Journal
from app.ports.records import EventFilter, Page, Records, TradeFilter, TradeRecord

NAME = "daily_summary"
"""The mark of the last one: its moment."""
PAGE = 500
MOST = 20
"""Positions that are named."""

Item = TypeVar("Item")
Filter = TypeVar("Filter", TradeFilter, EventFilter)


class DailySummary:
    """Tells once a day, by one process of many; of the time since the last one."""

    def __init__(
        self,
        time_of_day: TimeOfDay,
        journal: Journal,
        records: Records,
        accounts: Accounts,
        clock: Clock,
    ) -> None:
        self._time = time_of_day
        self._journal = journal
        self._records = records
        self._accounts = accounts
        self._clock = clock

    def look(self) -> None:
        """Tell when it is time. The very first day is not told: nobody knows where it began."""
        until = self._time.last(self._clock.now())
        told = self._journal.mark_of(NAME)
        since = datetime.fromisoformat(told) if told else None
        if since is not None and since >= until:
            return
        facts = self._facts(since, until) if since is not None else {}
        with self._journal.unit() as unit:
            if unit.mark(NAME, until.isoformat()) and since is not None:
                at = self._clock.now()
                unit.record(Event(kind=EventKind.DAILY_SUMMARY, at=at, facts=facts))

    def _facts(self, since: datetime, until: datetime) -> dict[str, object]:
        trades = self._trades(since, until)
        return {
            "since": since.isoformat(),
            "until": until.isoformat(),
            "trades": len(trades),
            "won": sum(trade.pnl > 0 for trade in trades),
            "realised": self._realised(trades),
            "open": self._open(),
            "problems": self._problems(since, until),
        }

    def _trades(self, since: datetime, until: datetime) -> Sequence[TradeRecord]:
        return _all(self._records.trades, TradeFilter(since=since, until=until, limit=PAGE))

    def _realised(self, trades: Sequence[TradeRecord]) -> Mapping[str, str]:
        """Profit after fees in each currency; of an account that names none, under its name."""
        sums: dict[str, Decimal] = defaultdict(Decimal)
        for trade in trades:
            account = self._accounts.get(trade.account)
            currency = account.broker.capabilities.currency if account is not None else ""
            sums[currency or trade.account] += trade.pnl
        return {name: f"{total.normalize():f}" for name, total in sorted(sums.items())}

    def _open(self) -> Sequence[str]:
        named = [line for account in self._accounts for line in _positions(account)]
        more = len(named) - MOST
        return named if more <= 0 else [*named[:MOST], f"and {more} more"]

    def _problems(self, since: datetime, until: datetime) -> Mapping[str, int]:
        wanted = EventFilter(problem=True, since=since, until=until, limit=PAGE)
        counts = Counter(title_of(event).lower() for event in _all(self._records.events, wanted))
        return dict(counts.most_common())


def _positions(account: Account) -> Iterator[str]:
    try:
        held = account.broker.positions()
    except BrokerError as error:
        yield f"{account.name} cannot be asked ({error.code})"
        return
    for position in held:
        yield f"{position.quantity.normalize():f} {position.symbol} on {account.name}"


def _all(read: Callable[[Filter], Page[Item]], wanted: Filter) -> list[Item]:
    """Every page of a list."""
    found: list[Item] = []
    while True:
        page = read(wanted)
        found += page.items
        if page.next_cursor is None:
            return found
        wanted = replace(wanted, before=page.next_cursor)
