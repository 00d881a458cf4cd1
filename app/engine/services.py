"""The services of a running server, as HTTP and the clock see them. Bootstrap builds them once."""

from dataclasses import dataclass

from app.engine.accounts import Accounts
from app.engine.adoption import Adoption
from app.engine.blocks import Blocks
from app.engine.event_bus import EventBus
from app.engine.follow_up import FollowUp
from app.engine.intake import Intake
from app.engine.kill_switch import KillSwitch
from app.engine.lanes import Lanes
from app.engine.logins import Logins
from app.engine.order_check import OrderCheck
from app.engine.ownership import Ownership
from app.engine.performance import Performance
from app.engine.preview import Preview
from app.engine.quote_desk import QuoteDesk
from app.engine.recovery import Recovery
from app.engine.sessions import Sessions
from app.engine.settlement import Settlement
from app.engine.square_off import SquareOff
from app.engine.stop_watch import StopWatch
from app.engine.target_watch import TargetWatch
from app.ports.clock import Clock
from app.ports.journal import Journal
from app.ports.outbox import Outbox
from app.ports.playbook import Playbook
from app.ports.records import Records


@dataclass(frozen=True, slots=True, kw_only=True)
class Services:
    """Everything that can be asked of the server."""

    clock: Clock
    journal: Journal
    records: Records
    playbook: Playbook
    accounts: Accounts
    bus: EventBus
    intake: Intake
    lanes: Lanes
    ownership: Ownership
    settlement: Settlement
    kill_switch: KillSwitch
    quotes: QuoteDesk
    recovery: Recovery
    follow_up: FollowUp
    adoption: Adoption
    stop_watch: StopWatch
    target_watch: TargetWatch
    sessions: Sessions
    square_off: SquareOff
    blocks: Blocks
    order_check: OrderCheck
    performance: Performance
    preview: Preview
    logins: Logins
    outbox: Outbox
