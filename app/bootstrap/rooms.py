"""Rooms of the engine that are built together."""

from datetime import timedelta

from app.adapters.calendars.files import FileCalendars
from app.adapters.clock import zone
from app.config import Settings
from app.domain.freshness import AgeLimits
from app.domain.order import Level, LevelKind
from app.engine.accounts import Accounts
from app.engine.closing import Closing
from app.engine.contracts import Contracts
from app.engine.dispatcher import Dispatcher
from app.engine.entering import Entering
from app.engine.entry_terms import Levels
from app.engine.gates import Gates
from app.engine.judge import Judge
from app.engine.leg_check import LegCheck
from app.engine.order_check import OrderCheck
from app.engine.order_engine import OrderEngine
from app.engine.ownership import Ownership
from app.engine.position_check import PositionCheck
from app.engine.recovery import Recovery
from app.engine.risk_gate import RiskGate
from app.engine.sessions import ExpiryRules, Sessions
from app.engine.settlement import Settlement
from app.engine.trade_router import TradeRouter
from app.engine.write_down import WriteDown
from app.ports.clock import Clock
from app.ports.journal import Journal
from app.ports.ledger import Ledger
from app.ports.playbook import Playbook

CALENDARS = "calendars"
"""The folder in `DATA_DIR` of the owner's own calendar files."""


def court(
    settings: Settings, journal: Journal, playbook: Playbook, clock: Clock
) -> tuple[RiskGate, Sessions, Judge]:
    """Who decides what an alert means, and what may stop it."""
    calendars = FileCalendars(zone, settings.data_dir / CALENDARS)
    sessions = Sessions(calendars, clock, _expiry_rules(settings))
    risk_gate = RiskGate(journal, clock, zone)
    judge = Judge(
        journal=journal,
        playbook=playbook,
        router=TradeRouter(),
        order_engine=OrderEngine(sessions.day_end, _levels_of_options(settings)),
        risk_gate=risk_gate,
        sessions=sessions,
        contracts=Contracts(journal, clock),
    )
    return risk_gate, sessions, judge


def order_rooms(
    journal: Journal, settlement: Settlement, ownership: Ownership, gates: Gates, clock: Clock
) -> tuple[Dispatcher, Closing, Entering]:
    """Who sends, closes and enters."""
    dispatcher = Dispatcher(journal, ownership, clock)
    closing = Closing(journal, dispatcher, settlement, ownership)
    contracts = Contracts(journal, clock)
    entering = Entering(journal, dispatcher, settlement, closing, gates, contracts)
    return dispatcher, closing, entering


def truth(
    journal: Journal,
    ledger: Ledger,
    accounts: Accounts,
    settlement: Settlement,
    ownership: Ownership,
    clock: Clock,
) -> tuple[OrderCheck, Recovery]:
    """Who holds accounts against the journal."""
    orders = OrderCheck(journal, settlement, ownership, clock)
    legs = LegCheck(journal, settlement, ownership, clock)
    positions = PositionCheck(journal, orders, WriteDown(journal, clock), legs, ledger, clock)
    return orders, Recovery(journal, accounts, orders, positions, clock)


def ages(settings: Settings) -> AgeLimits:
    """How old an alert may be."""
    return AgeLimits(entry=settings.max_alert_age, exit=settings.max_exit_age)


def _levels_of_options(settings: Settings) -> Levels:
    stop, target = settings.option_stop_percent, settings.option_target_percent
    return Levels(
        Level(LevelKind.PERCENT, stop) if stop is not None else None,
        Level(LevelKind.PERCENT, target) if target is not None else None,
    )


def _expiry_rules(settings: Settings) -> ExpiryRules:
    return ExpiryRules(
        no_entry=timedelta(minutes=settings.expiry_entry_minutes),
        flat=timedelta(minutes=settings.expiry_flatten_minutes),
    )
