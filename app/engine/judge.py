"""The judge: an alert against what is held, by the Trade Router and the Order Engine.

It reads and changes nothing, so that the flow and the preview cannot disagree.
"""

from dataclasses import dataclass
from decimal import Decimal

from app.domain.alert import Alert
from app.domain.decision import Denial, Denied, Note, Noted, Plan, Refusal, Signal
from app.domain.identity import lane_of
from app.domain.instrument import Instrument, Ticker
from app.engine.accounts import Account
from app.engine.holdings import stakes_in
from app.engine.order_engine import Order, OrderEngine
from app.engine.risk_gate import RiskGate
from app.engine.trade_router import Situation, TradeRouter
from app.ports.journal import Journal
from app.ports.playbook import Playbook


@dataclass(frozen=True, slots=True)
class Case:
    """An alert on one account, the instrument that it means there, and the strategy it is of."""

    alert: Alert
    account: Account
    ticker: Ticker
    instrument: Instrument
    strategy: str = ""


class Judge:
    """Finds an alert's meaning and its order, held against the limits."""

    def __init__(
        self,
        journal: Journal,
        playbook: Playbook,
        router: TradeRouter,
        order_engine: OrderEngine,
        risk_gate: RiskGate,
    ) -> None:
        self._journal = journal
        self._playbook = playbook
        self._router = router
        self._order_engine = order_engine
        self._risk_gate = risk_gate

    def open(self, alert: Alert, account: Account) -> Case | Refusal:
        """The case of an alert; refused when there is nothing that it could trade there."""
        ticker = Ticker.parse(alert.symbol, alert.exchange)
        if alert.action is None:
            return Noted(Note.NO_ACTION, "the message names no side")
        if ticker.delayed:
            return Denied(Denial.DELAYED_DATA, f"{ticker.exchange} is delayed data")
        if alert.strike or alert.option_type or alert.expiry:
            return Denied(Denial.UNKNOWN_SYMBOL, f"{account.name} knows no option contracts")
        instrument = account.broker.instrument(ticker)
        if instrument is None:
            return Denied(Denial.UNKNOWN_SYMBOL, f"{ticker.name!r} is not known to {account.name}")
        strategy = self._strategy(alert, account, ticker, instrument)
        return Case(alert, account, ticker, instrument, strategy)

    def situation(self, case: Case) -> Situation:
        """What is held, whose it is, and what the owner's row says, read at this moment."""
        stakes = stakes_in(case.account, case.instrument.key, self._journal)
        return Situation(
            asset_class=case.instrument.asset_class,
            held=stakes.own(case.strategy),
            foreign=stakes.foreign(case.strategy),
            unexplained=stakes.nobodys,
            stopped=stakes.stopped(case.strategy),
            newcomer=not stakes.knows(case.strategy),
            strategy=self._playbook.find(case.ticker.key, case.alert.timeframe),
            capabilities=case.account.broker.capabilities,
        )

    def route(self, case: Case, situation: Situation) -> Signal | Refusal:
        """What the alert means in a situation."""
        return self._router.route(case.alert, situation)

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
            quoted=quoted,
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
