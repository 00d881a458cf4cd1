"""The judge: an alert against what is held, by the Trade Router and the Order Engine.

It reads and changes nothing, so that the flow and the preview cannot disagree.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from app.domain.alert import Alert
from app.domain.contract import wish_of
from app.domain.decision import (
    Denial,
    Denied,
    Note,
    Noted,
    Plan,
    Refusal,
    Signal,
    TradeType,
)
from app.domain.instrument import AssetClass, Instrument, Ticker
from app.domain.order import OrderIntent
from app.domain.session import Market
from app.domain.share import WHOLE, Share
from app.domain.sizing import beyond_one_order
from app.domain.stake import Stake, StakeKey
from app.domain.strategy import AfterStop, Strategy
from app.engine.accounts import Account
from app.engine.contracts import Contracts, Family, place_of
from app.engine.entry_terms import wanted_levels
from app.engine.holdings import stakes_in
from app.engine.names import unknown
from app.engine.order_engine import Order, OrderEngine
from app.engine.risk_gate import RiskGate
from app.engine.sessions import Queued, Sessions
from app.engine.trade_router import Situation, TradeRouter
from app.ports.journal import Journal
from app.ports.playbook import Playbook

ONE, ZERO = Decimal(1), Decimal(0)


@dataclass(frozen=True, slots=True)
class Case:
    """An alert on one account, and what it means there.

    An instrument, its market, the owner's row, the name of the strategy that it is of, and the
    account's share of it. `derived`: it is about an option or a future, which was found out;
    `family`: those that an exit of it could be about. `after_hours`: it is traded at this moment,
    outside its regular hours.
    """

    alert: Alert
    account: Account
    ticker: Ticker
    instrument: Instrument
    market: Market
    row: Strategy | None
    strategy: str = ""
    share: Share = WHOLE
    derived: bool = False
    family: Family | None = None
    after_hours: bool = False

    @property
    def extended_hours(self) -> bool:
        """Whether an order may be executed outside regular hours: by its word, or by the hour."""
        asked = self.market.has_extended_hours and bool(self.alert.extended_hours)
        return asked or self.after_hours


class Judge:
    """Finds an alert's meaning and its order, held against the limits."""

    def __init__(  # noqa: PLR0913  # whoever rules has to hear all of them
        self,
        *,
        journal: Journal,
        playbook: Playbook,
        router: TradeRouter,
        order_engine: OrderEngine,
        risk_gate: RiskGate,
        sessions: Sessions,
        contracts: Contracts,
    ) -> None:
        self._journal = journal
        self._playbook = playbook
        self._router = router
        self._order_engine = order_engine
        self._risk_gate = risk_gate
        self._sessions = sessions
        self._contracts = contracts

    def open(
        self,
        alert: Alert,
        account: Account,
        share: Share = WHOLE,
        decided: Plan | None = None,
    ) -> Case | Refusal:
        """The case of an alert; refused when there is nothing that it could trade there.

        Args:
            alert: as it concerns the account.
            account: where it trades.
            share: what the account takes of sizes that the alert does not give.
            decided: the plan that was made of it before; its contract is not chosen again.
        """
        ticker = Ticker.parse(alert.symbol, alert.exchange)
        if alert.action is None:
            return Noted(Note.NO_ACTION, "the message names no side")
        if ticker.delayed:
            return Denied(Denial.DELAYED_DATA, f"{ticker.exchange} is delayed data")
        row = self._playbook.find(ticker.key, alert.timeframe)
        family = self._contracts.family(alert, account)
        strategy = self._strategy(alert, account, family)
        known = decided.contract if decided is not None else None
        found = known or self._subject(alert, account, row, family, strategy or "")
        if isinstance(found, Denied):
            return found
        market = self._sessions.market(alert, account, row, found)
        return Case(
            alert=alert,
            account=account,
            ticker=ticker,
            instrument=found,
            market=market,
            row=row,
            strategy=self._holder(alert, account, found) if strategy is None else strategy,
            share=share,
            derived=wish_of(alert) is not None,
            family=family,
            after_hours=self._sessions.after_hours(market),
        )

    def market(
        self, alert: Alert, account: Account, instrument: Instrument | None = None
    ) -> Market:
        """The market of an alert; without its instrument as far as it is known without a broker."""
        ticker = Ticker.parse(alert.symbol, alert.exchange)
        row = self._playbook.find(ticker.key, alert.timeframe)
        return self._sessions.market(alert, account, row, instrument)

    def holds_another(self, case: Case) -> bool:
        """Whether its strategy holds a contract that the case could be about, and is not."""
        held = self._contracts.held(case.account, case.family) if case.family is not None else ()
        own = [each.instrument.key for each in held if each.is_of(case.strategy)]
        return any(key != case.instrument.key for key in own)

    def stakes_of(self, alert: Alert, account: Account) -> Sequence[Stake]:
        """What strategies hold of the contracts that an exit of an alert could be about."""
        family = self._contracts.family(alert, account)
        held = self._contracts.held(account, family) if family is not None else ()
        return [each.stake for each in held]

    def old_stops(self, case: Case) -> Sequence[StakeKey]:
        """The contracts that a leg closed, of which an exit means nothing after a new entry."""
        if case.family is None:
            return ()
        stopped = self._contracts.stopped(case.account, case.family, case.strategy)
        return [StakeKey(case.account.name, each.instrument.key, case.strategy) for each in stopped]

    def situation(self, case: Case) -> Situation:
        """What is held, whose it is, and what the owner's row says, read at this moment."""
        stakes = stakes_in(case.account, case.instrument.key, self._journal)
        return Situation(
            asset_class=case.instrument.asset_class,
            held=case.instrument.tradable(stakes.own(case.strategy)),
            foreign=stakes.foreign(case.strategy),
            unexplained=stakes.nobodys,
            stopped=stakes.stopped(case.strategy),
            newcomer=not stakes.knows(case.strategy),
            strategy=case.row,
            can_short=case.account.broker.capabilities.can_short(case.instrument),
            grid=_grid(case),
        )

    def route(self, case: Case, situation: Situation) -> Signal | Refusal:
        """What the alert means in a situation."""
        return self._router.route(case.alert, situation)

    def ruling(self, case: Case, signal: Signal | None) -> Queued | Denied | None:
        """What a closed market makes of a signal; None while it trades."""
        return self._sessions.ruling(case.market, signal)

    def plan(
        self,
        case: Case,
        situation: Situation,
        signal: Signal,
        *,
        alert_id: str,
        quoted: Decimal | None = None,
    ) -> Plan:
        """The orders of a signal. `quoted`: a price that counts as the newest quote."""
        if signal.barred is not None:
            return self._about(case, Plan(signal=signal, entry=signal.barred))
        into = self._into(case, signal)
        if isinstance(into, Denied):
            return self._about(case, Plan(signal=signal, entry=into))
        order = Order(
            alert_id=alert_id,
            alert=case.alert,
            signal=signal,
            instrument=into,
            account=case.account,
            strategy=situation.strategy,
            share=case.share,
            # The price of the chart is not that of an option (trading-rules 30).
            quoted=None if case.alert.has_option_fields else quoted,
            extended_hours=case.extended_hours,
        )
        plan = self._risk_gate.judge(order, self._order_engine.plan(order))
        denied = self._barred(into, situation, signal, plan)
        if denied is not None:
            plan = replace(plan, entry=denied, budget=None)
        return self._about(case, plan, into)

    def _barred(
        self, into: Instrument, situation: Situation, signal: Signal, plan: Plan
    ) -> Denied | None:
        """What its contract has against an entry: its last day, or that no close could end it."""
        if not isinstance(plan.entry, OrderIntent):
            return None
        near = self._sessions.near_expiry(into)
        kept = ZERO if signal.trade_type is TradeType.REVERSE else abs(situation.held)
        return near or beyond_one_order(kept + plan.entry.quantity, into.lot, into.freeze)

    def _into(self, case: Case, signal: Signal) -> Instrument | Denied:
        """What is entered: of a future that is turned the one of today, whatever is closed."""
        if signal.trade_type is not TradeType.REVERSE or case.family is None:
            return case.instrument
        if case.instrument.asset_class is AssetClass.OPTION:
            return case.instrument
        return self._contracts.meant(case.alert, case.account)

    def _about(self, case: Case, plan: Plan, into: Instrument | None = None) -> Plan:
        """The plan with its contracts, so that they are not chosen again (trading-rules 28)."""
        if not case.derived:
            return plan
        other = into if into is not None and into.key != case.instrument.key else None
        return replace(plan, contract=case.instrument, into=other)

    def _subject(
        self,
        alert: Alert,
        account: Account,
        row: Strategy | None,
        family: Family | None,
        strategy: str,
    ) -> Instrument | Denied:
        """What an alert is about: a contract that is held, or what its words name."""
        if family is None:
            return self._named(alert, account)
        skips = row is None or row.after_stop is AfterStop.SKIP
        late = skips or alert.only_reduces
        return self._contracts.about(alert, account, family, strategy, late_exits=late)

    def _named(self, alert: Alert, account: Account) -> Instrument | Denied:
        """What the words of an alert name, whatever is held."""
        if wish_of(alert) is not None:
            return self._contracts.meant(alert, account)
        ticker = Ticker.parse(alert.symbol, alert.exchange)
        return account.broker.instrument(ticker) or unknown(ticker, account)

    def _strategy(self, alert: Alert, account: Account, family: Family | None) -> str | None:
        """Whose alert it is (rule 17); None when that is for the instrument to say."""
        if alert.strategy or not alert.only_reduces:
            return alert.strategy or ""
        if family is None:
            return None
        stakes = [each.stake for each in self._contracts.held(account, family)]
        return self._one_of(alert, account, stakes)

    def _holder(self, alert: Alert, account: Account, instrument: Instrument) -> str:
        """Of an instrument that the journal knows by its key."""
        return self._one_of(alert, account, self._journal.stakes(account.name, instrument.key))

    def _one_of(self, alert: Alert, account: Account, stakes: Sequence[Stake]) -> str:
        """An exit without a name, where nothing unnamed was traded, is that of the one holder.

        It is the strategy which holds it or is about to: whoever closes by hand means that one.
        """
        if any(stake.strategy == "" for stake in stakes):
            return ""
        place = place_of(alert)
        orders = self._journal.unsettled_orders(account.name, place.lane(account.name))
        meant = {stake.strategy for stake in stakes if stake.quantity}
        meant |= {order.strategy for order in orders if order.part == place.part}
        return meant.pop() if len(meant) == 1 else ""


def _grid(case: Case) -> Decimal:
    """What a position can be a multiple of: whole units, where parts of one cannot be had (34)."""
    step = case.instrument.step
    abilities = case.account.broker.capabilities.for_class(case.instrument.asset_class)
    short = (case.alert.position_size or Decimal(0)) < 0
    bare = not wanted_levels(case.alert, case.row)
    parts = abilities.fractional and (bare or abilities.fractional_brackets)
    return step if parts and not (short and not abilities.fractional_shorts) else max(step, ONE)
