"""Preview: what an alert would lead to now. Nothing is stored and nothing is traded."""

from dataclasses import dataclass

from app.domain.alert import Alert
from app.domain.decision import Denial, Denied, Plan, Refusal, Signal
from app.domain.order import OrderIntent
from app.domain.share import Share
from app.engine.accounts import Account, Accounts
from app.engine.exit_order import exit_order
from app.engine.judge import Case, Judge
from app.engine.sessions import Queued


@dataclass(frozen=True, slots=True)
class Foresight:
    """The signal and the plan of an alert, or why there is none, on one account.

    `close`: the order that would close something first. `queued`: it would wait for the open.
    """

    account: str
    signal: Signal | None
    decision: Plan | Refusal
    close: OrderIntent | Denied | None = None
    queued: Queued | None = None


class Preview:
    """Asks the judge only."""

    def __init__(self, accounts: Accounts, judge: Judge) -> None:
        self._accounts = accounts
        self._judge = judge

    def look(self, alert: Alert, share: Share) -> Foresight:
        """What an alert would lead to. May raise BrokerError when the broker cannot be read."""
        account = self._accounts.get(share.account)
        if account is None:
            names = ", ".join(self._accounts.names)
            detail = f"the accounts are: {names}"
            return Foresight(share.account, None, Denied(Denial.UNKNOWN_ACCOUNT, detail))
        case = self._judge.open(share.of(alert), account, share)
        if not isinstance(case, Case):
            return Foresight(account.name, None, case)
        return self._look(case, account)

    def _look(self, case: Case, account: Account) -> Foresight:
        situation = self._judge.situation(case)
        signal = self._judge.route(case, situation)
        if not isinstance(signal, Signal):
            return Foresight(account.name, None, signal)
        ruling = self._judge.ruling(case, signal)
        if isinstance(ruling, Denied):
            return Foresight(account.name, signal, ruling)
        # The alert's own price would be the newest quote where the broker takes quotes.
        quoted = case.alert.price if account.broker.capabilities.takes_quotes else None
        plan = self._judge.plan(case, situation, signal, alert_id="preview", quoted=quoted)
        if signal.reduce is None or not situation.held:
            return Foresight(account.name, signal, plan, queued=ruling)
        close = exit_order(case, "", situation.held, signal.reduce, signal.trade_type)
        return Foresight(account.name, signal, plan, close, ruling)
