"""From settings to a server: one line for each room, in the order in which they need each other."""

import logging
import secrets
import uuid
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import timedelta

from app.adapters.brokers.registry import Resources
from app.adapters.budget import FileBudgets
from app.adapters.clock import SystemClock
from app.adapters.journal.addresses import SqlAddresses
from app.adapters.journal.journal import SqlJournal
from app.adapters.journal.migrate import database_file, migrate_apart
from app.adapters.journal.outbox import SqlOutbox
from app.adapters.journal.owners import LEASE, FileOwners
from app.adapters.journal.purge import Purge
from app.adapters.journal.rebuild import SqlLedger
from app.adapters.journal.records import SqlRecords
from app.adapters.logging import Redaction, configure_logging, log_event
from app.adapters.metrics import Metrics
from app.adapters.notify.apart import ApartMessenger
from app.adapters.recent import RecentLines
from app.adapters.reserve import Reserve
from app.adapters.sql import Database
from app.adapters.tokens.states import SqlLoginStates
from app.bootstrap.accounts import NO_ACCOUNT, Wrap, open_accounts, pools_of
from app.bootstrap.keeping import backups_of, lists_of, playbook_of, sheet_of
from app.bootstrap.loops import (
    CHORES_EVERY,
    chores_loop,
    egress_steps,
    equity_step,
    main_loop,
    post_of,
    sheet_loop,
    summary_steps,
    token_loop,
    watch_of,
)
from app.bootstrap.rooms import ages, court, order_rooms, truth
from app.bootstrap.server import Server
from app.bootstrap.telling import tell_of_disk
from app.config import Settings
from app.engine.adoption import Adoption
from app.engine.alert_flow import AlertFlow, Rooms
from app.engine.alert_ids import AlertIds
from app.engine.blocks import Blocks
from app.engine.event_bus import EventBus, Listener
from app.engine.flatten import Flatten
from app.engine.follow_up import FollowUp
from app.engine.gates import Gates
from app.engine.intake import Endings, Intake
from app.engine.kill_switch import KillSwitch
from app.engine.lanes import Lanes, Works
from app.engine.logins import Logins
from app.engine.ownership import Ownership
from app.engine.performance import Performance
from app.engine.preview import Preview
from app.engine.protecting import Protecting
from app.engine.queue import Queue
from app.engine.quiet_watch import QuietWatch
from app.engine.quote_desk import QuoteDesk
from app.engine.services import Services
from app.engine.settlement import Settlement
from app.engine.square_off import SquareOff
from app.engine.stop_watch import StopWatch
from app.engine.target_watch import TargetWatch
from app.engine.token_hours import TokenHours
from app.ports.clock import Clock
from app.ports.journal import JobKind
from app.ports.messenger import Messenger
from app.workers.loop import Step

log = logging.getLogger(__name__)

TOKENS_OF = "XNSE"
"""The calendar of the exchange that logins are for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What tests put in the place of the real thing; None = the real one."""

    clock: Clock | None = None
    pool: Executor | None = None
    wrap_broker: Wrap | None = None
    observe: Callable[[str], None] | None = None
    messenger: Messenger | None = None
    lease: timedelta = LEASE


def build(  # noqa: PLR0915  # a line for each room
    settings: Settings, parts: Parts | None = None
) -> Server:
    """Services of these settings, on a database of this version's schema; nothing runs yet."""
    parts = parts or Parts()
    recent, redaction = _configure_log(settings)
    migrate_apart(settings.database_url)
    clock = parts.clock or SystemClock()
    file = database_file(settings.database_url)
    metrics = Metrics()
    bus = _bus(log_event, metrics.hear)
    reserve = Reserve(file.parent, lambda full: tell_of_disk(journal, clock, full=full))
    database = Database(file, parts.observe, reserve.spend)
    journal = SqlJournal(database, clock, bus.publish)
    ownership = Ownership(
        FileOwners(database, clock, file.parent / "owners", parts.lease),
        clock,
        lambda: uuid.uuid4().hex,
    )
    records = SqlRecords(settings.database_url)
    lists = lists_of(settings, file, journal, clock)
    resources = Resources(
        database=database,
        clock=clock,
        addresses=SqlAddresses(database),
        budgets=FileBudgets(file.parent / "budgets", clock),
        symbols=lists.master,
    )
    accounts, managers = open_accounts(settings, redaction, resources, parts.wrap_broker, metrics)
    performance = Performance(SqlLedger(database), records, accounts, clock)
    sheet = sheet_of(settings, resources, accounts, performance, journal, ownership)
    playbook = playbook_of(settings, sheet, database)
    backups = backups_of(settings, file, journal, clock)
    settlement = Settlement(journal, clock)
    kill_switch = KillSwitch(journal, accounts, settlement, clock, settings.kill_file)
    quotes = QuoteDesk(accounts, settlement)
    risk_gate, sessions, judge = court(settings, journal, playbook, clock)
    gates = Gates(kill_switch, sessions, risk_gate)
    dispatcher, closing, entering = order_rooms(journal, settlement, ownership, gates, clock)
    rooms = Rooms(
        accounts=accounts,
        quotes=quotes,
        judge=judge,
        queue=Queue(journal, judge, gates, closing, quotes),
        closing=closing,
        entering=entering,
        settlement=settlement,
    )
    pools = pools_of(settings, parts.pool)
    lanes = Lanes(
        journal,
        Works(
            {
                JobKind.ALERT: AlertFlow(journal, rooms, clock, ages(settings)),
                JobKind.PROTECT: Protecting(
                    journal, accounts, judge, dispatcher, settlement, clock
                ),
            }
        ),
        ownership,
        clock,
        lambda account: pools.get(account, pools[NO_ACCOUNT]),
    )
    order_check, recovery = truth(
        journal, SqlLedger(database), accounts, settlement, ownership, clock
    )
    intake = Intake(
        journal=journal,
        playbook=playbook,
        lanes=lanes,
        ownership=ownership,
        endings=Endings(bus, journal),
        clock=clock,
        default_account=settings.default_account,
        window=settings.dedupe_window,
        ids=AlertIds(lambda: secrets.randbits(80)),
        only_exits=lambda: reserve.spent,
    )
    services = Services(
        clock=clock,
        journal=journal,
        records=records,
        playbook=playbook,
        accounts=accounts,
        bus=bus,
        intake=intake,
        lanes=lanes,
        ownership=ownership,
        settlement=settlement,
        kill_switch=kill_switch,
        quotes=quotes,
        stop_watch=StopWatch(journal, accounts, settlement, ownership, clock),
        target_watch=TargetWatch(journal, accounts),
        recovery=recovery,
        follow_up=FollowUp(journal, accounts, settlement, clock),
        adoption=Adoption(journal, accounts, recovery, clock),
        sessions=sessions,
        square_off=SquareOff(
            journal=journal,
            records=records,
            playbook=playbook,
            flatten=Flatten(journal, records, intake),
            sessions=sessions,
            clock=clock,
        ),
        blocks=Blocks(journal, order_check, clock),
        order_check=order_check,
        performance=performance,
        preview=Preview(accounts, judge),
        logins=Logins(
            managers,
            SqlLoginStates(database, clock),
            TokenHours(lambda: sessions.calendar(TOKENS_OF), clock),
            clock,
            lambda: secrets.token_urlsafe(32),
        ),
        outbox=SqlOutbox(database, bus.publish),
    )
    return Server(
        settings=settings,
        services=services,
        database=database,
        metrics=metrics,
        pools=pools,
        loop=main_loop(services, reserve),
        watches=[watch_of(services, account) for account in accounts],
        token_loops=[token_loop(services, manager) for manager in services.logins],
        post=post_of(
            settings, services, parts.messenger or ApartMessenger(Redaction(settings.secrets).text)
        ),
        chores=chores_loop(
            backups,
            Purge(database, clock, _days(settings.retention_days)),
            equity_step(services.performance, settings.performance_interval),
            *lists.steps(),
            *egress_steps(settings, journal, clock),
            Step("listen for silence", CHORES_EVERY, QuietWatch(journal, sessions, clock).look),
            *summary_steps(settings, services),
        ),
        reserve=reserve,
        backups=backups,
        lists=lists,
        recent=recent,
        sheet=sheet,
        sheet_loop=sheet_loop(settings, sheet),
    )


def _configure_log(settings: Settings) -> tuple[RecentLines, Redaction]:
    """Write the log, and keep its newest lines; what is odd about the settings comes first."""
    recent = RecentLines()
    redaction = configure_logging(
        settings.log_level, settings.log_format, secrets=settings.secrets, keep=recent.keep
    )
    for warning in settings.warnings:
        log.warning(warning)
    return recent, redaction


def _bus(*listeners: Listener) -> EventBus:
    bus = EventBus()
    for listener in listeners:
        bus.subscribe(listener)
    return bus


def _days(number: int) -> timedelta | None:
    return timedelta(days=number) if number else None
