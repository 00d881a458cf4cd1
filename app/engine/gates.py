"""Gates: what is asked of an entry at the last moment, and while it waits for a market to open."""

from app.domain.decision import Denial, Denied, Refusal
from app.domain.order import OrderIntent
from app.engine.kill_switch import KillSwitch
from app.engine.risk_gate import Admit, RiskGate
from app.engine.sessions import Sessions
from app.engine.walk import Walk

CANCELED = Denied(Denial.CANCELED_BY_EXIT, "a later exit canceled this entry")


class Gates:
    """Reads afresh each time it is asked."""

    def __init__(self, kill_switch: KillSwitch, sessions: Sessions, risk_gate: RiskGate) -> None:
        self._kill_switch = kill_switch
        self._sessions = sessions
        self._risk_gate = risk_gate

    def admission(self, walk: Walk, entry: OrderIntent) -> Admit:
        """What is asked in the transaction that journals an entry (trading-rules 16)."""
        return self._risk_gate.admission(walk.account, entry)

    def entry(self, walk: Walk) -> Refusal | None:
        """What is asked right before the wire write of every entry (rules 2, 16, 25-27)."""
        market, ticker = walk.market, walk.case.ticker
        return (
            self._stopped(walk)
            or self._sessions.refuses_entry(market, came_closed=walk.came_closed)
            or walk.too_late_to_enter()
            or self._sessions.near_expiry(walk.instrument)
            or self._risk_gate.look_again(walk.account, walk.instrument, ticker)
        )

    def queue(self, walk: Walk) -> Refusal | None:
        """The same of an entry that waits for the open: it is denied now, not deferred."""
        return self._stopped(walk) or walk.too_late_to_enter()

    def _stopped(self, walk: Walk) -> Denied | None:
        if walk.job.halted:
            return CANCELED
        kill = self._kill_switch.state()
        if kill.active:
            return Denied(Denial.KILL_SWITCH, kill.reason)
        if kill.changed_at is not None and kill.changed_at > walk.job.received_at:
            return Denied(Denial.KILL_SWITCH, "entries were stopped when or after this alert came")
        return None
