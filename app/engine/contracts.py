"""Contracts: which option or future an alert is about, on its account (trading-rules 28).

An exit is about the contract that its strategy holds: it is never chosen anew, so that it closes
what was entered after a roll, or when the price has moved away from its strike. An entry is about
the contract that its words mean at the moment of the decision; the plan keeps it.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from app.domain.alert import Action, Alert
from app.domain.contract import Ahead, Wish, wish_named, wish_of
from app.domain.decision import Denied
from app.domain.identity import lane_of
from app.domain.instrument import AssetClass, Instrument, Ticker
from app.domain.position import Direction
from app.domain.stake import Stake
from app.engine.accounts import Account
from app.ports.clock import Clock
from app.ports.journal import Journal

FUTURES = "FUT"
"""The part of an underlying's lane that its futures are; options are `CE` and `PE`."""
_INDICES = {"NIFTY50": "NIFTY", "NIFTYBANK": "BANKNIFTY"}
"""Indices that are called otherwise than their contracts."""
_MARKS = re.compile(r"-INDEX$|[^A-Z0-9]")
_LATE_EXITS = {Direction.LONG: Action.SELL, Direction.SHORT: Action.BUY}


@dataclass(frozen=True, slots=True)
class Place:
    """Where an alert is worked on in an account: its lane, and the part of it (rule 28)."""

    name: str
    part: str

    def lane(self, account: str) -> str:
        """The lane in an account."""
        return lane_of(account, self.name)


def place_of(alert: Alert) -> Place:
    """The place of an alert: of what it names, of an option or a future that of its underlying."""
    ticker = Ticker.parse(alert.symbol, alert.exchange)
    wish = wish_of(alert)
    if isinstance(wish, Wish):
        return Place(_folded(wish.underlying.name), wish.option_type or FUTURES)
    if wish is None:
        return Place(ticker.key, "")
    return Place(_folded(_underlying(ticker).name), alert.option_type or "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """The contracts that one exit may be about: futures, or options of one type (rule 28)."""

    underlying: str
    asset_class: AssetClass
    option_type: str | None

    @classmethod
    def of(cls, alert: Alert) -> "Family | None":
        """The family of an alert; None when it names one contract, or none.

        Of an option its type has to be told, of a future that it is the nearest, or the next.
        """
        ticker = Ticker.parse(alert.symbol, alert.exchange)
        if alert.has_option_fields:
            known = alert.option_type is not None
            name = _folded(_underlying(ticker).name)
            return cls._option(name, alert.option_type) if known else None
        wish = wish_named(ticker)
        if wish is None or not isinstance(wish.expiry, Ahead):
            return None
        name = _folded(wish.underlying.name)
        return cls(underlying=name, asset_class=AssetClass.FUTURE, option_type=None)

    @classmethod
    def _option(cls, underlying: str, option_type: str | None) -> "Family":
        return cls(underlying=underlying, asset_class=AssetClass.OPTION, option_type=option_type)

    def has(self, instrument: Instrument) -> bool:
        """Whether a contract belongs to it."""
        return (
            instrument.underlying is not None
            and _folded(instrument.underlying) == self.underlying
            and instrument.asset_class is self.asset_class
            and instrument.option_type == self.option_type
        )

    @property
    def nothing(self) -> Instrument:
        """What stands for a contract of it while none is held and none is to be entered."""
        name = f"{self.underlying} {self.option_type or FUTURES}"
        return Instrument(symbol=f"NSE:{name}", key=name, asset_class=self.asset_class)


@dataclass(frozen=True, slots=True)
class Holding:
    """A contract in which a strategy has a stake."""

    stake: Stake
    instrument: Instrument

    def is_of(self, strategy: str) -> bool:
        """Whether it is that strategy's."""
        return self.stake.strategy == strategy

    def is_meant(self, alert: Alert, now: datetime) -> bool:
        """Whether an alert is about it: one that expired is never added to."""
        alive = self.instrument.expiry is None or now < self.instrument.expiry
        closing = Action.SELL if self.stake.quantity > 0 else Action.BUY
        return alive or alert.only_reduces or alert.action is closing

    def awaits(self, alert: Alert) -> bool:
        """Whether an alert looks like the own exit of what a leg has closed (trading-rules 7)."""
        stopped = self.stake.stopped
        if stopped is None or alert.only_reduces:
            return alert.only_reduces
        return _LATE_EXITS[stopped] is alert.action and not alert.names_position


class Contracts:
    """Finds contracts: those that strategies hold, and those that words mean now."""

    def __init__(self, journal: Journal, clock: Clock) -> None:
        self._journal = journal
        self._clock = clock

    def held(self, account: Account, family: Family) -> Sequence[Holding]:
        """The contracts of a family that strategies hold by their fills, the latest first."""
        found = self._holdings(account, self._journal.stakes(account.name))
        return [each for each in found if family.has(each.instrument)]

    def any_of(self, account: Account, place: Place) -> bool:
        """Whether strategies hold any contract of a lane's underlying, whatever its kind."""
        held = self._holdings(account, self._journal.stakes(account.name))
        return any(_folded(each.instrument.underlying or "") == place.name for each in held)

    def stopped(self, account: Account, family: Family, strategy: str) -> Sequence[Holding]:
        """Those that a protective leg of the strategy has closed, while its own exit may come."""
        stakes = self._journal.stopped_stakes(account.name, strategy)
        return [each for each in self._holdings(account, stakes) if family.has(each.instrument)]

    def family(self, alert: Alert, account: Account) -> Family | None:
        """The contracts that an exit could be about; None where the account trades by name only."""
        family = Family.of(alert)
        if family is None or family.asset_class is AssetClass.OPTION:
            return family
        ticker = Ticker.parse(alert.symbol, alert.exchange)
        by_name = account.broker.instrument(ticker)
        return None if by_name is not None and by_name.expiry is None else family

    def about(
        self, alert: Alert, account: Account, family: Family, strategy: str, *, late_exits: bool
    ) -> Instrument | Denied:
        """The contract of a family that an alert is about at this moment.

        May raise BrokerError: the price of the underlying cannot be read.

        Args:
            alert: of that family.
            account: where it trades.
            family: those that an exit of it could be about.
            strategy: whose alert it is.
            late_exits: an order of the other side is the exit of what a leg has closed (rule 7).
        """
        now, held = self._clock.now(), self.held(account, family)
        own = [each for each in held if each.is_of(strategy) and each.is_meant(alert, now)]
        if own:
            return _nearest(alert, [each.instrument for each in own])
        for each in self.stopped(account, family, strategy) if late_exits else ():
            if each.awaits(alert):
                return each.instrument
        return family.nothing if alert.only_reduces else self.meant(alert, account)

    def meant(self, alert: Alert, account: Account) -> Instrument | Denied:
        """The contract that an alert's words mean at this moment, whatever is held."""
        wish = wish_of(alert)
        assert wish is not None  # noqa: S101  # asked of options and futures only
        if isinstance(wish, Denied):
            return wish
        found = account.broker.contract(wish, self._clock.now())
        if isinstance(found, Denied) and wish.name is not None and alert.only_reduces:
            # What the list does not have any more may be held still.
            return account.broker.instrument(wish.name) or found
        return found

    def _holdings(self, account: Account, stakes: Sequence[Stake]) -> Sequence[Holding]:
        """The stakes in instruments that the account knows by their keys, the latest first."""
        found: list[Holding] = []
        for stake in sorted(stakes, key=_when, reverse=True):
            instrument = account.broker.instrument(Ticker.parse(stake.instrument))
            if instrument is not None and instrument.key == stake.instrument:
                found.append(Holding(stake, instrument))
        return found


def _nearest(alert: Alert, held: Sequence[Instrument]) -> Instrument:
    """Of several the one whose strike and expiry were named, else the one traded last."""

    def misses(instrument: Instrument) -> int:
        strike = alert.strike is None or _is_strike(alert.strike, instrument.strike)
        day = instrument.expiry.date().isoformat() if instrument.expiry else ""
        return 2 * (not strike) + (alert.expiry != day)

    return min(held, key=misses)


def _is_strike(text: str, strike: Decimal | None) -> bool:
    return text[:1].isdigit() and Decimal(text) == strike


def _when(stake: Stake) -> float:
    return stake.at.timestamp() if stake.at is not None else 0.0


def _underlying(ticker: Ticker) -> Ticker:
    named = wish_named(ticker)
    return ticker if named is None else named.underlying


def _folded(name: str) -> str:
    """A name without its marks, as its contracts have it: `M_M` and `M&M` are one."""
    folded = _MARKS.sub("", name.upper())
    return _INDICES.get(folded, folded)
