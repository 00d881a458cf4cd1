"""Preview: what an alert would lead to now. Nothing is stored and nothing is traded."""

from dataclasses import dataclass
from decimal import Decimal

from app.domain.alert import Alert
from app.domain.decision import Denial, Denied, Plan, Refusal, Signal
from app.domain.instrument import Ticker
from app.engine.accounts import Account, Accounts
from app.engine.order_engine import Order, OrderEngine
from app.engine.trade_router import Situation, TradeRouter
from app.ports.playbook import Playbook


@dataclass(frozen=True, slots=True)
class Foresight:
    """The signal and the plan of an alert, or why there is none, on one account."""

    account: str
    signal: Signal | None
    decision: Plan | Refusal


class Preview:
    """Runs an alert through the Trade Router and the Order Engine only."""

    def __init__(
        self,
        accounts: Accounts,
        playbook: Playbook,
        router: TradeRouter,
        order_engine: OrderEngine,
    ) -> None:
        self._accounts = accounts
        self._playbook = playbook
        self._router = router
        self._order_engine = order_engine

    def look(self, alert: Alert, account_name: str) -> Foresight:
        """What an alert would lead to. May raise BrokerError when the broker cannot be read."""
        account = self._accounts.get(account_name)
        if account is None:
            names = ", ".join(self._accounts.names)
            detail = f"the accounts are: {names}"
            return Foresight(account_name, None, Denied(Denial.UNKNOWN_ACCOUNT, detail))
        return self._look(alert, account)

    def _look(self, alert: Alert, account: Account) -> Foresight:
        ticker = Ticker.parse(alert.symbol, alert.exchange)
        instrument = account.broker.instrument(ticker)
        if ticker.delayed or instrument is None:
            reason = Denial.DELAYED_DATA if ticker.delayed else Denial.UNKNOWN_SYMBOL
            return Foresight(account.name, None, Denied(reason, ticker.name))
        position = account.broker.position(instrument.key)
        strategy = self._playbook.find(ticker.key, alert.timeframe)
        situation = Situation(
            asset_class=instrument.asset_class,
            held=position.quantity if position is not None else Decimal(0),
            strategy=strategy,
            capabilities=account.broker.capabilities,
        )
        signal = self._router.route(alert, situation)
        if not isinstance(signal, Signal):
            return Foresight(account.name, None, signal)
        order = Order(
            alert_id="preview",
            alert=alert,
            signal=signal,
            instrument=instrument,
            account=account,
            strategy=strategy,
        )
        return Foresight(account.name, signal, self._order_engine.plan(order))
