"""The judge: an alert against what is held, by the Trade Router and the Order Engine.

It reads and changes nothing, so that the flow and the preview cannot disagree.
"""

from dataclasses import dataclass
from decimal import Decimal

from app.domain.alert import Alert
from app.domain.decision import Denial, Denied, Note, Noted, Plan, Refusal, Signal
from app.domain.instrument import Instrument, Ticker
from app.engine.accounts import Account
from app.engine.order_engine import Order, OrderEngine
from app.engine.trade_router import Situation, TradeRouter
from app.ports.playbook import Playbook


@dataclass(frozen=True, slots=True)
class Case:
    """An alert on one account, and the instrument that it means there."""

    alert: Alert
    account: Account
    ticker: Ticker
    instrument: Instrument


class Judge:
    """Finds an alert's meaning and its order."""

    def __init__(self, playbook: Playbook, router: TradeRouter, order_engine: OrderEngine) -> None:
        self._playbook = playbook
        self._router = router
        self._order_engine = order_engine

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
        return Case(alert, account, ticker, instrument)

    def situation(self, case: Case) -> Situation:
        """What is held and what the owner's row says, read at this moment."""
        broker = case.account.broker
        position = broker.position(case.instrument.key)
        return Situation(
            asset_class=case.instrument.asset_class,
            held=position.quantity if position is not None else Decimal(0),
            strategy=self._playbook.find(case.ticker.key, case.alert.timeframe),
            capabilities=broker.capabilities,
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
        return self._order_engine.plan(
            Order(
                alert_id=alert_id,
                alert=case.alert,
                signal=signal,
                instrument=case.instrument,
                account=case.account,
                strategy=situation.strategy,
                quoted=quoted,
            )
        )
