"""The judge: an alert against what is held, by the Trade Router and the Order Engine.

It reads and changes nothing, so that the flow and the preview cannot disagree.
"""

from dataclasses import dataclass
from decimal import Decimal

from app.domain.alert import Alert
from app.domain.decision import Denial, Denied, Note, Noted, Plan, Refusal, Signal
from app.domain.identity import lane_of
from app.domain.instrument import Instrument, Ticker
from app.domain.session import Market
from app.domain.share import WHOLE, Share
from app.domain.strategy import Strategy
from app.engine.accounts import Account
from app.engine.entry_terms import wanted_levels
from app.engine.holdings import stakes_in
from app.engine.names import unknown
from app.engine.order_engine import Order, OrderEngine
from app.engine.risk_gate import RiskGate
from app.engine.sessions import Queued, Sessions
from app.engine.trade_router import Situation, TradeRouter
from app.ports.journal import Journal
from app.ports.playbook import Playbook

ONE = Decimal(1)


@dataclass(frozen=True, slots=True)
class Case:
    """An alert on one account, and what it means there.

    An instrument, its market, the owner's row, the name of the strategy that it is of, and the
    account's share of it. `after_hours`: it is traded at this moment, outside its regular hours.
    """

    alert: Alert
    account: Account
    ticker: Ticker
    instrument: Instrument
    market: Market
    row: Strategy | None
    strategy: str = ""
    share: Share = WHOLE
    after_hours: bool = False

    @property
    def extended_hours(self) -> bool:
        """Whether an order may be executed outside regular hours: by its word, or by the hour."""
        asked = self.market.has_extended_hours and bool(self.alert.extended_hours)
        return asked or self.after_hours


class Judge:
    """Finds an alert's meaning and its order, held against the limits."""

    def __init__(
        self,
        journal: Journal,
        playbook: Playbook,
        router: TradeRouter,
        order_engine: OrderEngine,
        risk_gate: RiskGate,
        sessions: Sessions,
    ) -> None:
        self._journal = journal
        self._playbook = playbook
        self._router = router
        self._order_engine = order_engine
        self._risk_gate = risk_gate
        self._sessions = sessions

    def open(self, alert: Alert, account: Account, share: Share = WHOLE) -> Case | Refusal:
        """The case of an alert; refused when there is nothing that it could trade there.

        Args:
            alert: as it concerns the account.
            account: where it trades.
            share: what the account takes of sizes that the alert does not give.
        """
        ticker = Ticker.parse(alert.symbol, alert.exchange)
        if alert.action is None:
            return Noted(Note.NO_ACTION, "the message names no side")
        if ticker.delayed:
            return Denied(Denial.DELAYED_DATA, f"{ticker.exchange} is delayed data")
        if alert.strike or alert.option_type or alert.expiry:
            return Denied(Denial.UNKNOWN_SYMBOL, f"{account.name} knows no option contracts")
        instrument = account.broker.instrument(ticker)
        if instrument is None:
            return unknown(ticker, account)
        row = self._playbook.find(ticker.key, alert.timeframe)
        market = self._sessions.market(alert, account, row, instrument)
        strategy = self._strategy(alert, account, ticker, instrument)
        late = self._sessions.after_hours(market)
        return Case(alert, account, ticker, instrument, market, row, strategy, share, late)

    def market(self, alert: Alert, account: Account) -> Market:
        """The market of an alert as far as it is known without its broker."""
        ticker = Ticker.parse(alert.symbol, alert.exchange)
        row = self._playbook.find(ticker.key, alert.timeframe)
        return self._sessions.market(alert, account, row)

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
            return Plan(signal=signal, entry=signal.barred)
        order = Order(
            alert_id=alert_id,
            alert=case.alert,
            signal=signal,
            instrument=case.instrument,
            account=case.account,
            strategy=situation.strategy,
            share=case.share,
            quoted=quoted,
            extended_hours=case.extended_hours,
        )
        return self._risk_gate.judge(order, self._order_engine.plan(order))

    def _strategy(
        self, alert: Alert, account: Account, ticker: Ticker, instrument: Instrument
    ) -> str:
        """Whose alert it is (rule 17).

        An exit without a name, of an instrument in which nothing unnamed was ever traded, is that
        of the one strategy which holds it or is about to: whoever closes by hand means that one.
        """
        if alert.strategy or not alert.only_reduces:
            return alert.strategy or ""
        stakes = self._journal.stakes(account.name, instrument.key)
        if any(stake.strategy == "" for stake in stakes):
            return ""
        orders = self._journal.unsettled_orders(account.name, lane_of(account.name, ticker.key))
        meant = {stake.strategy for stake in stakes if stake.quantity}
        meant |= {order.strategy for order in orders}
        return meant.pop() if len(meant) == 1 else ""


def _grid(case: Case) -> Decimal:
    """What a position can be a multiple of: whole units, where parts of one cannot be had (34)."""
    step = case.instrument.step
    abilities = case.account.broker.capabilities.for_class(case.instrument.asset_class)
    short = (case.alert.position_size or Decimal(0)) < 0
    bare = not wanted_levels(case.alert, case.row)
    parts = abilities.fractional and (bare or abilities.fractional_brackets)
    return step if parts and not (short and not abilities.fractional_shorts) else max(step, ONE)
