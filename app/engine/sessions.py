"""Sessions: whose market is open, and what becomes of an alert while it is closed (rule 26)."""

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from app.domain.alert import Alert
from app.domain.decision import Denial, Denied, Signal, TradeType
from app.domain.errors import BrokerError
from app.domain.instrument import AssetClass, Instrument, Ticker
from app.domain.order import OrderType
from app.domain.session import (
    PLAIN,
    Calendar,
    Day,
    Market,
    SessionPolicy,
    WhenClosed,
    calendar_name,
)
from app.domain.strategy import Strategy
from app.engine.accounts import Account
from app.engine.order_engine import Order
from app.ports.broker import TellsHours
from app.ports.calendars import Calendars
from app.ports.clock import Clock

REGULAR = SessionPolicy.REGULAR
INTRADAY = frozenset({"intraday", "bo", "co"})
"""Products that are closed with the day."""
WITH_THE_DAY = "XNSE"
"""The calendar of the market that has products for the day."""
BRIDGE = timedelta(days=14)
"""Within so many days there is always a session."""
BEFORE, AHEAD = timedelta(days=1), timedelta(days=14)
"""For which days a broker is asked: a holiday and a weekend are bridged without it."""

MINUTE = timedelta(minutes=1)

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExpiryRules:
    """What is not done any more before a contract expires (trading-rules 27).

    Attributes:
        no_entry: how long before it nothing is entered.
        flat: how long before it what is ours is closed; zero: never.
    """

    no_entry: timedelta = timedelta(minutes=60)
    flat: timedelta = timedelta(minutes=30)


@dataclass(frozen=True, slots=True)
class Queued:
    """Not now: the market is closed, and the alert waits for it to open."""

    until: datetime
    detail: str


class Sessions:
    """Knows the market of every instrument, and the time."""

    def __init__(
        self, calendars: Calendars, clock: Clock, expiry: ExpiryRules = ExpiryRules()
    ) -> None:
        self._calendars = calendars
        self._clock = clock
        self._expiry = expiry
        self._warned: set[tuple[str, int]] = set()
        self._told: dict[tuple[str, AssetClass], Mapping[date, Day]] = {}
        self._asked: dict[str, date] = {}
        self._halted: set[tuple[str, AssetClass]] = set()

    def calendar(self, name: str) -> Calendar:
        """A calendar as its file has it."""
        return self._calendars.get(name)

    def learn(self, account: Account) -> None:
        """Ask a broker for the days to come, once a day, and each time whether it trades now."""
        self._learn_days(account)
        self._learn_hours(account)

    def _learn_hours(self, account: Account) -> None:
        """A day may be broken off: then its broker's clock knows more than any calendar.

        Around the open and the close it is not asked: clocks differ a little.
        """
        broker, now = account.broker, self._clock.now()
        hours = broker if isinstance(broker, TellsHours) else None
        for asset_class in broker.capabilities.asset_classes:
            key = (account.name, asset_class)
            calendar = self._calendar(account, asset_class, Ticker("", ""), None)
            around = (now - MINUTE, now + MINUTE)
            due = all(calendar.is_open(at, SessionPolicy.REGULAR) for at in around)
            try:
                told = hours.is_open(asset_class) if due and hours is not None else None
            except BrokerError as error:
                facts = {"account": account.name, "why": str(error)}
                log.warning("the broker's clock cannot be read", extra=facts)
                continue
            if told is False and key not in self._halted:
                facts = {"account": account.name, "asset_class": asset_class.value}
                log.warning("the broker says that its market does not trade", extra=facts)
            (self._halted.add if told is False else self._halted.discard)(key)

    def _learn_days(self, account: Account) -> None:
        """They win over the files. What it told before counts until it can be asked again."""
        today = self._clock.now().date()
        if self._asked.get(account.name) == today:
            return
        for asset_class in account.broker.capabilities.asset_classes:
            try:
                days = account.broker.market_days(asset_class, today - BEFORE, today + AHEAD)
            except BrokerError as error:
                facts = {"account": account.name, "why": str(error)}
                log.warning("the broker's calendar cannot be read", extra=facts)
                return
            if days is not None:
                self._told[account.name, asset_class] = days
        self._asked[account.name] = today

    def market(
        self,
        alert: Alert,
        account: Account,
        strategy: Strategy | None,
        instrument: Instrument | None = None,
    ) -> Market:
        """The market that an alert trades on, as its row and its account trade there.

        Without an instrument, which is the broker's to tell, its class is what the name tells.
        """
        ticker = Ticker.parse(alert.symbol, alert.exchange)
        asset_class = instrument.asset_class if instrument is not None else ticker.asset_class
        own = strategy.session_policy if strategy is not None else None
        of_class = account.broker.capabilities.for_class(asset_class)
        abilities = of_class.for_product(alert.product_type)
        policy = _longer(own or account.sessions.policy, alert)
        told = (account.name, asset_class) in self._halted
        return Market(
            calendar=self._calendar(account, asset_class, ticker, instrument),
            policy=policy,
            queues=strategy is not None and strategy.when_closed is WhenClosed.QUEUE,
            trusts_weekdays=account.sessions.trusts_weekdays,
            intraday=alert.product_type in INTRADAY or abilities.for_the_day,
            halted=told and policy is not SessionPolicy.ALWAYS,
        )

    def ruling(self, market: Market, signal: Signal | None) -> Queued | Denied | None:
        """What a closed market makes of a signal; None while it trades, and for cancels.

        Whatever reduces waits for the open, a reversal as a whole. An entry waits when its row says
        so. Without a signal: an alert that may enter, whose meaning is not known before the open.
        """
        now = self._clock.now()
        if market.is_open(now) or (signal and signal.trade_type is TradeType.CANCEL):
            self._warn(market, now)
            return self._too_late(market, signal, now)
        until = market.next_open(now)
        detail = f"{market.calendar.name} is closed until {_utc(until)}"
        if market.queues or (signal is not None and signal.reduces):
            return Queued(until, detail)
        return Denied(Denial.MARKET_CLOSED, detail)

    def refuses_entry(self, market: Market, *, came_closed: bool) -> Denied | None:
        """What is asked of the market right before the wire write of every entry (rule 2).

        Args:
            market: where it is to be made.
            came_closed: its alert came while the market was closed.
        """
        now = self._clock.now()
        name = market.calendar.name
        if not market.is_open(now):
            detail = f"{name} is closed until {_utc(market.next_open(now))}"
            return Denied(Denial.MARKET_CLOSED, detail)
        if market.halted and not market.after_hours(now):
            return Denied(Denial.MARKET_CLOSED, f"its broker says that {name} does not trade now")
        if market.too_late_for_the_day(now):
            return Denied(Denial.MARKET_CLOSED, _INTRADAY_ENDED)
        if came_closed and not market.queues:
            return Denied(Denial.MARKET_CLOSED, f"the alert came while {name} was closed")
        if not market.trusts_weekdays and not market.knows(now):
            return Denied(Denial.MARKET_CLOSED, f"the dates of {name} in {now.year} are not known")
        return None

    def open_time(self, alert: Alert, start: datetime, end: datetime) -> timedelta:
        """For how long the regular market of an alert was open between two moments.

        By its exchange's calendar, whatever the hours are in which its account trades.
        """
        ticker = Ticker.parse(alert.symbol, alert.exchange)
        calendar = self._calendars.get(calendar_name(ticker.asset_class, ticker))
        return calendar.open_time(start, end, SessionPolicy.REGULAR)

    def near_expiry(self, instrument: Instrument) -> Denied | None:
        """Whether a contract is too near to its end to be entered (trading-rules 27)."""
        ends = self.last_moment(instrument)
        if ends is None or self._clock.now() < ends - self._expiry.no_entry:
            return None
        span = f"{self._expiry.no_entry.total_seconds() / 60:.0f} minutes"
        by = f"{instrument.symbol} has to be closed by {_utc(ends)}"
        return Denied(Denial.NEAR_EXPIRY, f"{by}: nothing is entered in the {span} before that")

    def to_be_flat(self, instrument: Instrument) -> bool:
        """Whether what is held of a contract has to be closed now, before it expires.

        Options, and what would be delivered, on its last day too if that was missed; a future of an
        index is settled in cash. It needs an open market.
        """
        now, expiry, ends = self._clock.now(), instrument.expiry, self.last_moment(instrument)
        if expiry is None or ends is None or not self._expiry.flat:
            return False
        spared = instrument.asset_class is AssetClass.FUTURE and not instrument.delivered
        due = ends - self._expiry.flat <= now < expiry
        return due and not spared and self._calendar_of(instrument).is_open(now, REGULAR)

    def day_may_be_over(self) -> bool:
        """Whether a market that closes positions with its day is about to close."""
        now, calendar = self._clock.now(), self._calendars.get(WITH_THE_DAY)
        flat = calendar.intraday_flat
        return flat is not None and (calendar.close_of(now, SessionPolicy.REGULAR) - now <= flat)

    def last_moment(self, instrument: Instrument) -> datetime | None:
        """The end of the last session in which a contract may be held; None: it has none.

        What is settled by delivery is not held on the day of its expiry.
        """
        expiry = instrument.expiry
        if expiry is None or not instrument.delivered:
            return expiry
        sessions = self._calendar_of(instrument).sessions(expiry - BRIDGE, REGULAR)
        before = expiry
        for session in sessions:
            if session.closes >= expiry:
                break
            before = session.closes
        return before

    def _calendar_of(self, instrument: Instrument) -> Calendar:
        name = calendar_name(instrument.asset_class, Ticker.parse(instrument.symbol))
        return self._calendars.get(name)

    def after_hours(self, market: Market) -> bool:
        """Whether it is traded now, and outside its regular hours."""
        return market.after_hours(self._clock.now())

    def day_end(self, order: Order) -> datetime:
        """When an order for the day ends that is placed now.

        It is the end of this session, or of the next one while the market is closed; of the longer
        hours for an order that may be executed in them.
        """
        ticker = Ticker.parse(order.alert.symbol, order.alert.exchange)
        asset_class = order.instrument.asset_class
        calendar = self._calendar(order.account, asset_class, ticker, order.instrument)
        policy = SessionPolicy.EXTENDED if order.extended_hours else SessionPolicy.REGULAR
        return calendar.close_of(self._clock.now(), policy)

    def _too_late(self, market: Market, signal: Signal | None, now: datetime) -> Denied | None:
        """Told at once, so that a preview knows; what a reversal closes is closed before it."""
        only_enters = signal is not None and signal.enters and not signal.reduces
        if only_enters and market.too_late_for_the_day(now):
            return Denied(Denial.MARKET_CLOSED, _INTRADAY_ENDED)
        return None

    def _calendar(
        self,
        account: Account,
        asset_class: AssetClass,
        ticker: Ticker,
        instrument: Instrument | None,
    ) -> Calendar:
        """An alert may leave out the exchange, and a broker's own name of it may have it.

        Its broker knows the days of an exchange best; of one that nothing is known of, not even the
        clock is.
        """
        if not ticker.exchange and instrument is not None:
            ticker = Ticker.parse(instrument.symbol)
        if not ticker.exchange:
            ticker = Ticker(account.broker.capabilities.exchange, ticker.name)
        calendar = self._calendars.get(calendar_name(asset_class, ticker))
        told = self._told.get((account.name, asset_class))
        if told is None or calendar.name == PLAIN:
            return calendar
        return replace(calendar, dates={**calendar.dates, **told})

    def _warn(self, market: Market, now: datetime) -> None:
        """Say once a year that the holidays are not known."""
        key = (market.calendar.name, now.year)
        if market.knows(now) or key in self._warned:
            return
        self._warned.add(key)
        facts = {"calendar": key[0], "year": key[1]}
        log.warning("no calendar file of this year: its weekdays are taken for open", extra=facts)


_INTRADAY_ENDED = "entries of an intraday product end before the close"


def _longer(policy: SessionPolicy, alert: Alert) -> SessionPolicy:
    """`extended_hours` opens them for this alert; for what only reduces, with a limit price."""
    limited = alert.order_type in (OrderType.LIMIT, OrderType.STOP_LIMIT)
    asked = alert.extended_hours and (limited or not alert.only_reduces)
    return SessionPolicy.EXTENDED if asked and policy is SessionPolicy.REGULAR else policy


def _utc(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M UTC")
