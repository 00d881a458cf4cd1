"""The walk of one alert: its job, its account, its instrument, and what is asked on the way."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import timedelta
from decimal import Decimal

from app.domain.alert import Alert
from app.domain.capabilities import Capabilities
from app.domain.decision import Expired, Lapse, Plan, Refusal, Signal
from app.domain.events import Event
from app.domain.freshness import AgeLimits, age, age_in_session
from app.domain.identity import client_order_id
from app.domain.instrument import Instrument
from app.domain.order import BrokerOrder
from app.domain.outcome import AlertStatus
from app.domain.session import Market
from app.domain.stake import ZERO, StakeKey, Stakes
from app.engine.accounts import Account
from app.engine.holdings import stakes_in
from app.engine.judge import Case
from app.engine.waits import Wait, backoff
from app.ports.broker import Broker
from app.ports.clock import Clock
from app.ports.journal import Job, Journal, Unit


@dataclass(frozen=True, slots=True)
class Walk:
    """One job on its account. Reads of the position are fresh: nothing is remembered between."""

    job: Job
    case: Case
    journal: Journal
    clock: Clock
    ages: AgeLimits

    @property
    def account(self) -> Account:
        """The account that the alert trades on."""
        return self.case.account

    @property
    def instrument(self) -> Instrument:
        """What the alert's symbol means there."""
        return self.case.instrument

    @property
    def alert(self) -> Alert:
        """The job's alert."""
        return self.job.alert

    @property
    def broker(self) -> Broker:
        """The account's broker."""
        return self.account.broker

    @property
    def abilities(self) -> Capabilities:
        """What the account can do with this kind of instrument."""
        return self.broker.capabilities.for_class(self.instrument.asset_class)

    @property
    def key(self) -> str:
        """The instrument's key in the account."""
        return self.instrument.key

    @property
    def market(self) -> Market:
        """The sessions of the instrument."""
        return self.case.market

    @property
    def came_closed(self) -> bool:
        """Whether the alert came while its market was closed, or had to wait for the open."""
        waited = self.job.opens_at is not None
        return waited or not self.market.is_open(self.job.received_at)

    @property
    def age(self) -> timedelta:
        """How old the alert is now."""
        return age(self.alert, self.job.received_at, self.clock.now())

    @property
    def age_in_session(self) -> timedelta:
        """The same without the time in which its market was closed since it came (rule 26)."""
        return age_in_session(self.alert, self.job.received_at, self.clock.now(), self.market)

    def into(self, plan: Plan) -> "Walk":
        """The walk as it goes on after the close: into another contract, when its plan has one."""
        if plan.into is None:
            return self
        return replace(self, case=replace(self.case, instrument=plan.into))

    def order_id(self, leg: str) -> str:
        """Our id of one of the alert's orders."""
        return client_order_id(self.job.alert_id, self.account.name, leg)

    def held(self) -> Decimal:
        """What is the strategy's at this moment, negative when short. Unreadable: it raises."""
        return self.instrument.tradable(self.stakes().own(self.case.strategy))

    @property
    def stake_key(self) -> StakeKey:
        """What the strategy holds is found by this."""
        return StakeKey(self.account.name, self.key, self.case.strategy)

    def stakes(self) -> Stakes:
        """The account's position at this moment, and whose it is."""
        return stakes_in(self.account, self.key, self.journal)

    def await_position(self, unexplained: Decimal) -> None:
        """Let a position that lags behind our latest fill catch up: the journal knows better.

        Args:
            unexplained: the part of it that was read which no fill accounts for.

        Raises:
            Wait: it does not show what is known of it, and something filled a moment ago.
        """
        lag = self.broker.capabilities.positions_lag
        if not lag or not unexplained:
            return
        if unexplained == self.journal.foreign(self.account.name).get(self.key, ZERO):
            return
        if self.key in self.journal.filled_since(self.account.name, self.clock.now() - lag):
            pause = backoff(self.job.tries, most=1)
            raise Wait(AlertStatus.WAITING, pause, "the position does not show the last fill yet")

    def too_late(self, signal: Signal) -> Expired | None:
        """Whether it is too old. A reversal that is too old to enter may still close."""
        old = self.age_in_session
        if signal.reduces and old > self.ages.exit:
            return Expired(Lapse.EXIT_MISSED, f"the exit is {seconds(old)} old")
        if signal.enters and not signal.reduces:
            return self.too_late_to_enter()
        return None

    def too_late_to_enter(self) -> Expired | None:
        """Whether an entry is too old now; asked again right before each entry write (rule 2)."""
        until = self.alert.expires_at
        if until is not None and self.clock.now() >= until:
            return Expired(Lapse.STALE, f"it was to be done before {until:%Y-%m-%d %H:%M:%S} UTC")
        queued = self.market.queues and self.came_closed
        old = self.age_in_session if queued else self.age
        if old <= self.ages.entry:
            return None
        return Expired(Lapse.STALE, f"the alert is {seconds(old)} old")


@dataclass(frozen=True, slots=True, kw_only=True)
class Ending:
    """How a walk ended: by a refusal, or by an order that is settled together with the end.

    `events`: what else the owner is told, written with the end. `late_exit_of`: the strategy whose
    own exit has come, after a leg had closed its position; the next one counts again (rule 7).
    `multiplier` is the instrument's: money per unit and point of price.
    """

    refusal: Refusal | None = None
    order: BrokerOrder | None = None
    detail: str = ""
    budget: Decimal | None = None
    events: tuple[Event, ...] = ()
    late_exit_of: StakeKey | None = None
    multiplier: Decimal = Decimal(1)


class Refused(Exception):
    """A rule said no between the decision and the wire."""

    def __init__(self, refusal: Refusal) -> None:
        super().__init__(refusal.detail)
        self.refusal = refusal


def _passes(*_: object) -> None:
    """Nothing is asked."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Gate:
    """What is asked of an order on its way out.

    Attributes:
        admit: in the transaction that writes it down, so that two entries cannot pass side by side
            where there is room for one.
        ask: right before the wire write.
    """

    admit: Callable[[Unit], Refusal | None] = _passes
    ask: Callable[[], Refusal | None] = _passes


open_gate = Gate()
"""The gate of exits: they are never held back (invariant I10)."""


def seconds(span: timedelta) -> str:
    """A span for people."""
    return f"{span.total_seconds():.0f} s"
