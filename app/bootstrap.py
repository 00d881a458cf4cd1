"""The composition root: settings become services. The only file that knows every concrete class."""

import logging
import secrets
import sys
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import timedelta
from functools import partial
from pathlib import Path

from flask import Flask

from app.adapters.brokers.registry import Resources, open_broker
from app.adapters.budget import FileBudgets
from app.adapters.calendars.files import FileCalendars
from app.adapters.clock import SystemClock, zone
from app.adapters.instruments.master import SymbolMaster
from app.adapters.instruments.refresh import Refresher
from app.adapters.journal.addresses import SqlAddresses
from app.adapters.journal.backup import Backups, Rules
from app.adapters.journal.journal import SqlJournal
from app.adapters.journal.migrate import database_file, migrate_apart
from app.adapters.journal.outbox import SqlOutbox
from app.adapters.journal.owners import LEASE, FileOwners
from app.adapters.journal.purge import Purge
from app.adapters.journal.rebuild import SqlLedger
from app.adapters.journal.records import SqlRecords
from app.adapters.logging import Redaction, configure_logging, log_event
from app.adapters.metered import MeteredBroker
from app.adapters.metrics import House, Metrics
from app.adapters.notify.apart import ApartMessenger
from app.adapters.playbook.local import LocalPlaybook
from app.adapters.playbook.sheets.sheet import Sheet, SheetOptions, SheetResources, open_sheet
from app.adapters.recent import RecentLines
from app.adapters.reserve import Reserve
from app.adapters.sql import Database
from app.adapters.tokens.states import SqlLoginStates
from app.config import DAILY_LOGIN, Settings
from app.domain.events import Event, EventKind
from app.domain.freshness import AgeLimits
from app.domain.letters import Digest, Letter
from app.domain.order import Level, LevelKind
from app.engine.accounts import Account, Accounts
from app.engine.adoption import Adoption
from app.engine.alert_flow import AlertFlow, Rooms
from app.engine.alert_ids import AlertIds
from app.engine.blocks import Blocks
from app.engine.closing import Closing
from app.engine.contracts import Contracts
from app.engine.courier import Courier, trade_of
from app.engine.daily_summary import DailySummary
from app.engine.dispatcher import Dispatcher
from app.engine.entering import Entering
from app.engine.entry_terms import Levels
from app.engine.event_bus import EventBus, Listener
from app.engine.flatten import Flatten
from app.engine.follow_up import FollowUp
from app.engine.gates import Gates
from app.engine.hearing import Hearing
from app.engine.intake import Endings, Intake
from app.engine.judge import Judge
from app.engine.kill_switch import KillSwitch
from app.engine.lanes import Lanes, Works
from app.engine.leg_check import LegCheck
from app.engine.logins import Logins
from app.engine.order_check import OrderCheck
from app.engine.order_engine import OrderEngine
from app.engine.ownership import Ownership
from app.engine.performance import Performance
from app.engine.position_check import PositionCheck
from app.engine.preview import Preview
from app.engine.protecting import Protecting
from app.engine.queue import Queue
from app.engine.quiet_watch import QuietWatch
from app.engine.quote_desk import QuoteDesk
from app.engine.recovery import Recovery
from app.engine.risk_gate import RiskGate
from app.engine.services import Services
from app.engine.sessions import ExpiryRules, Sessions
from app.engine.settlement import Settlement
from app.engine.square_off import SquareOff
from app.engine.stop_watch import StopWatch
from app.engine.target_watch import TargetWatch
from app.engine.token_hours import TokenHours
from app.engine.token_manager import TokenManager
from app.engine.token_watch import TokenWatch
from app.engine.trade_router import TradeRouter
from app.engine.write_down import WriteDown
from app.ports.broker import Broker
from app.ports.clock import Clock
from app.ports.journal import JobKind, Journal
from app.ports.ledger import Ledger
from app.ports.messenger import Messenger
from app.ports.outbox import Outbox
from app.ports.playbook import Playbook, RefusedRow
from app.web import build_web
from app.web.options import WebOptions
from app.workers.loop import Loop, Step

log = logging.getLogger(__name__)

TOKENS = "tokens"
"""The folder in `DATA_DIR` of encrypted tokens."""
CALENDARS = "calendars"
"""The folder in `DATA_DIR` of the owner's own calendar files."""

LANE_THREADS = 8
"""Threads of an account, each made when it is first needed."""
NO_ACCOUNT = ""
"""The pool of accounts that there are not: their alerts are denied."""
SWEEP_EVERY = timedelta(milliseconds=250)
TAKE_OVER_EVERY = timedelta(seconds=1)
WATCH_EVERY = timedelta(seconds=1)
RESERVE_EVERY = timedelta(seconds=1)
STOP_WATCH_EVERY = timedelta(seconds=1)
TARGET_WATCH_EVERY = timedelta(seconds=2)
FOLLOW_UP_EVERY = timedelta(seconds=0.5)
BEAT_EVERY = timedelta(seconds=10)
ALWAYS = timedelta(0)
SQUARE_OFF_EVERY = timedelta(seconds=5)
LEARN_EVERY = timedelta(seconds=60)
RECONCILE_EVERY = timedelta(seconds=10)
FIRST_LOOK = timedelta(seconds=60)
EGRESS_EVERY = timedelta(hours=1)
CHORES_EVERY = timedelta(seconds=1)
TOKENS_EVERY = timedelta(seconds=1)
TOKENS_OF = "XNSE"
"""The calendar of the exchange that logins are for."""
COURIERS_EVERY = timedelta(seconds=0.5)
SUMMARY_EVERY = timedelta(seconds=20)
LOOK_AT_THE_SHEET_EVERY = timedelta(seconds=1)
LOOK_FOR_BACKUPS_EVERY = timedelta(seconds=10)
LOOK_FOR_SYMBOLS_EVERY = timedelta(seconds=1)

Wrap = Callable[[Broker], Broker]


@dataclass(frozen=True, slots=True)
class Watch:
    """What is done for one account in the background. Nothing else waits for its broker."""

    account: Account
    hearing: Hearing
    loop: Loop

    def start(self) -> None:
        """Look at the account, and listen to its broker."""
        self.loop.start()
        self.account.broker.watch(self.hearing.hear)


@dataclass(frozen=True, slots=True)
class Lists:
    """The lists of instruments, and who keeps them new; nobody where no account needs any."""

    master: SymbolMaster
    refresher: Refresher | None

    def steps(self) -> Sequence[Step]:
        """What is to be done every now and then."""
        if self.refresher is None:
            return ()
        return [Step("keep the symbols", LOOK_FOR_SYMBOLS_EVERY, self.refresher.keep)]

    def trouble_by(self, clock: Clock) -> Callable[[], str | None] | None:
        """Something to ask why contracts are not traded now; None where nobody needs a list."""
        return None if self.refresher is None else lambda: self.master.trouble(clock.now())

    def stop(self) -> None:
        """Break off a refresh that runs."""
        if self.refresher is not None:
            self.refresher.stop()


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """Notifications: one courier for each sink, each on a thread of its own."""

    outbox: Outbox
    messenger: Messenger
    couriers: Sequence[Courier]
    loops: Sequence[Loop]

    def open(self) -> None:
        """Have these sinks and no others."""
        self.outbox.open([courier.sink.name for courier in self.couriers])

    def depths(self) -> Mapping[str, int]:
        """How many events each sink has not been told of yet."""
        return {courier.sink.name: courier.depth() for courier in self.couriers}

    def start(self) -> None:
        """Tell every sink what happens from now on, and what it was not told before."""
        self.open()
        for loop in self.loops:
            loop.start()

    def stop(self) -> None:
        """Break off what is being sent; it is sent again after the next start."""
        self.messenger.close()
        for loop in self.loops:
            loop.stop()


@dataclass(slots=True, kw_only=True)
class Server:
    """A built server: its services, and the life of its engine."""

    settings: Settings
    services: Services
    database: Database
    metrics: Metrics
    pools: Mapping[str, Executor]
    loop: Loop
    chores: Loop
    sheet: Sheet | None
    sheet_loop: Loop | None
    watches: Sequence[Watch]
    token_loops: Sequence[Loop]
    post: Post
    reserve: Reserve
    backups: Backups
    lists: Lists
    recent: RecentLines
    _started: bool = False
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def start(self) -> None:
        """Start the engine: register, take over what the dead left, reconcile. Once only."""
        if not self._started:
            self._start_once()

    def _start_once(self) -> None:
        with self._lock:
            if not self._started:
                self.services.ownership.start()
                for loop in self._loops():
                    loop.start()
                for watch in self.watches:
                    watch.start()
                self.post.start()
                self._started = True

    def _loops(self) -> Iterator[Loop]:
        yield from (self.loop, self.chores, *self.token_loops)
        if self.sheet_loop is not None:
            yield self.sheet_loop

    def stop(self) -> None:
        """Finish what runs, start nothing more, give the rest back."""
        with self._lock:
            self.services.lanes.close()
            self.backups.stop()
            self.lists.stop()
            for loop in (*self._loops(), *(watch.loop for watch in self.watches)):
                loop.stop()
            self.post.stop()
            for pool in self.pools.values():
                pool.shutdown(wait=True, cancel_futures=True)
            try:
                self.services.ownership.stop()
            finally:
                for account in self.services.accounts:
                    account.broker.close()
                self.database.close()


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
    reserve = Reserve(file.parent, lambda full: _tell_of_disk(journal, clock, full=full))
    database = Database(file, parts.observe, reserve.spend)
    journal = SqlJournal(database, clock, bus.publish)
    ownership = Ownership(
        FileOwners(database, clock, file.parent / "owners", parts.lease),
        clock,
        lambda: uuid.uuid4().hex,
    )
    records = SqlRecords(settings.database_url)
    lists = _lists(settings, file, journal, clock)
    resources = Resources(
        database=database,
        clock=clock,
        addresses=SqlAddresses(database),
        budgets=FileBudgets(file.parent / "budgets", clock),
        symbols=lists.master,
    )
    accounts, managers = _open_accounts(settings, redaction, resources, parts.wrap_broker, metrics)
    performance = Performance(SqlLedger(database), records, accounts, clock)
    sheet = _sheet(settings, resources, accounts, performance, journal, ownership)
    playbook = _playbook(settings, sheet, database)
    backups = _backups(settings, file, journal, clock)
    settlement = Settlement(journal, clock)
    kill_switch = KillSwitch(journal, accounts, settlement, clock, settings.kill_file)
    quotes = QuoteDesk(accounts, settlement)
    risk_gate, sessions, judge = _court(settings, journal, playbook, clock)
    gates = Gates(kill_switch, sessions, risk_gate)
    dispatcher, closing, entering = _order_rooms(journal, settlement, ownership, gates, clock)
    rooms = Rooms(
        accounts=accounts,
        quotes=quotes,
        judge=judge,
        queue=Queue(journal, judge, gates, closing, quotes),
        closing=closing,
        entering=entering,
        settlement=settlement,
    )
    pools = _pools(settings, parts.pool)
    lanes = Lanes(
        journal,
        Works(
            {
                JobKind.ALERT: AlertFlow(journal, rooms, clock, _ages(settings)),
                JobKind.PROTECT: Protecting(
                    journal, accounts, judge, dispatcher, settlement, clock
                ),
            }
        ),
        ownership,
        clock,
        lambda account: pools.get(account, pools[NO_ACCOUNT]),
    )
    order_check, recovery = _truth(
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
        target_watch=TargetWatch(journal, accounts, clock),
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
        loop=_loop(services, reserve),
        watches=[_watch(services, account) for account in accounts],
        token_loops=[_token_loop(services, manager) for manager in services.logins],
        post=_post(
            settings, services, parts.messenger or ApartMessenger(Redaction(settings.secrets).text)
        ),
        chores=_chores(
            backups,
            Purge(database, clock, _days(settings.retention_days)),
            _equity_step(services.performance, settings.performance_interval),
            *lists.steps(),
            *_egress_steps(settings, journal, clock),
            Step("listen for silence", CHORES_EVERY, QuietWatch(journal, sessions, clock).look),
            *_summary_step(settings, services),
        ),
        reserve=reserve,
        backups=backups,
        lists=lists,
        recent=recent,
        sheet=sheet,
        sheet_loop=_sheet_loop(settings, sheet),
    )


def build_app(server: Server) -> Flask:
    """The Flask application in front of a server."""
    settings = server.settings
    house = House(
        version=sys.modules["app"].__version__,
        data_dir=settings.data_dir,
        clock=server.services.clock,
        backup_age=server.backups.age,
        outbox_depths=server.post.depths,
    )
    app = build_web(
        server.services,
        WebOptions(
            webhook_secrets=[
                settings.webhook_secret.get_secret_value(),
                settings.webhook_secret_previous.get_secret_value(),
            ],
            api_key=settings.api_key.get_secret_value(),
            text_templates=settings.text_templates,
            secret_rate_limit=settings.secret_rate_limit,
            trusted_proxies=settings.trusted_proxies,
            settings=settings.shown(),
            data_dir=settings.data_dir,
            start=server.start,
            loop_idle=lambda: server.loop.idle,
            disk_full=lambda: server.reserve.spent,
            observe=server.metrics.observe_request,
            backup_late=server.backups.late,
            symbols_trouble=server.lists.trouble_by(server.services.clock),
            metrics_page=lambda fine: server.metrics.page(server.services, house, fine),
            recent_log=server.recent,
        ),
    )
    app.extensions["novalgo"] = server
    return app


def _loop(services: Services, reserve: Reserve) -> Loop:
    lanes, ownership = services.lanes, services.ownership
    return Loop(
        [
            Step("beat", BEAT_EVERY, ownership.beat),
            Step("take over", TAKE_OVER_EVERY, ownership.take_over),
            Step("resume stranded", TAKE_OVER_EVERY, lanes.resume_stranded),
            Step("keep the reserve", RESERVE_EVERY, reserve.keep),
            Step("watch the kill file", WATCH_EVERY, services.kill_switch.watch),
            Step("sweep", SWEEP_EVERY, lanes.sweep),
        ]
    )


def _watch(services: Services, account: Account) -> Watch:
    recovery, journal, clock = services.recovery, services.journal, services.clock
    sweep = services.lanes.sweep
    hearing = Hearing(account, journal, services.settlement, recovery, clock, sweep)
    loop = Loop(
        [
            Step("hear", ALWAYS, hearing.act),
            Step("recover", TAKE_OVER_EVERY, partial(recovery.keep, account)),
            Step("reconcile", RECONCILE_EVERY, partial(recovery.look, account)),
            Step("learn the calendar", LEARN_EVERY, partial(services.sessions.learn, account)),
            Step("watch the stops", STOP_WATCH_EVERY, partial(services.stop_watch.look, account)),
            Step("follow up", FOLLOW_UP_EVERY, partial(services.follow_up.look, account)),
            Step("watch targets", TARGET_WATCH_EVERY, partial(services.target_watch.look, account)),
            Step("square off", SQUARE_OFF_EVERY, partial(services.square_off.look, account)),
            Step("enforce", TAKE_OVER_EVERY, partial(services.kill_switch.enforce, account)),
        ],
        name=f"novalgo-{account.name}",
    )
    hearing.wake = loop.wake
    return Watch(account, hearing, loop)


def _token_loop(services: Services, manager: TokenManager) -> Loop:
    """A login may take its time, and nothing else waits for it."""
    logins, journal = services.logins, services.journal
    watch = TokenWatch(manager, logins, journal, logins.hours, services.clock)
    name = f"novalgo-token-{manager.account}"
    loop = Loop([Step("keep the token", ALWAYS, watch.keep)], TOKENS_EVERY, name)
    manager.wake = loop.wake
    return loop


def _post(settings: Settings, services: Services, messenger: Messenger) -> Post:
    veil = Redaction(settings.secrets).text
    trades = partial(trade_of, services.journal)
    outbox = services.outbox

    def write(digest: Digest) -> Letter:
        letter = digest.letter(trades)
        return replace(letter, title=veil(letter.title), text=veil(letter.text))

    couriers = [
        Courier(sink, outbox, messenger, services.ownership, services.clock, write)
        for sink in settings.sinks
    ]
    loops = [
        Loop(
            [Step("notify", COURIERS_EVERY, courier.turn)],
            COURIERS_EVERY,
            f"novalgo-{courier.sink.name}",
        )
        for courier in couriers
    ]
    return Post(outbox=outbox, messenger=messenger, couriers=couriers, loops=loops)


def _chores(backups: Backups, purge: Purge, *more: Step) -> Loop:
    """What may take its time, on a thread that nothing else waits for."""
    steps = [
        Step("back up", LOOK_FOR_BACKUPS_EVERY, backups.keep),
        Step("purge", CHORES_EVERY, purge.run),
        *more,
    ]
    return Loop(steps, CHORES_EVERY, "novalgo-chores")


def _egress_steps(settings: Settings, journal: Journal, clock: Clock) -> Iterator[Step]:
    """Look at the address that we call out from, at once and each hour."""
    if settings.egress_ip is None:
        return
    from app.adapters.egress import Egress

    tell = partial(_tell_of_address, journal, clock, settings.egress_ip)
    egress = Egress(settings.egress_ip, settings.egress_url, tell)
    yield Step("look at our address", EGRESS_EVERY, egress.look)


def _summary_step(settings: Settings, services: Services) -> Sequence[Step]:
    """Sum the day up, where somebody is told of it."""
    time_of_day = settings.summary_at
    if time_of_day is None or not settings.sinks:
        return ()
    summary = DailySummary(
        time_of_day, services.journal, services.records, services.accounts, services.clock
    )
    return [Step("sum up the day", SUMMARY_EVERY, summary.look)]


def _equity_step(performance: Performance, every: timedelta) -> Step:
    """Look at what the accounts are worth, for the first time when the start is over."""
    due = time.monotonic() + FIRST_LOOK.total_seconds()
    return Step("note the equity", every, performance.note_equity, due)


def _sheet(
    settings: Settings,
    resources: Resources,
    accounts: Accounts,
    performance: Performance,
    journal: Journal,
    ownership: Ownership,
) -> Sheet | None:
    """The sheet of the settings; also where only `sheets init` will need it."""
    if settings.google_sheet_id is None:
        return None
    return open_sheet(
        SheetOptions(
            sheet_id=settings.google_sheet_id,
            url=settings.sheets_api_url,
            credentials=settings.google_application_credentials,
            zone=zone(settings.sheet_timezone),
            figures_every=settings.performance_interval,
        ),
        SheetResources(
            database=resources.database,
            clock=resources.clock,
            budgets=resources.budgets,
            accounts=accounts,
            figures=lambda: performance.figures().symbols,
            leads=ownership.leads,
            tell_trouble=partial(_tell_of_sheet, journal, resources.clock),
            tell_refused=partial(_tell_of_rows, journal, resources.clock),
        ),
    )


def _playbook(settings: Settings, sheet: Sheet | None, database: Database) -> Playbook:
    if sheet is None or settings.playbook != "google_sheets":
        return LocalPlaybook(database)
    return sheet.playbook


def _sheet_loop(settings: Settings, sheet: Sheet | None) -> Loop | None:
    """What waits for Google, on a thread that nothing else waits for."""
    if sheet is None or settings.playbook != "google_sheets":
        return None
    step = Step("look after the sheet", LOOK_AT_THE_SHEET_EVERY, sheet.background.turn)
    return Loop([step], LOOK_AT_THE_SHEET_EVERY, "novalgo-sheet")


def _backups(settings: Settings, database: Path, journal: Journal, clock: Clock) -> Backups:
    rules = Rules(
        every=settings.backup_interval or None,
        keep=settings.backup_keep,
        days=settings.backup_days,
    )
    return Backups(database, rules, clock, lambda why: _tell_of_backup(journal, clock, why))


def _lists(settings: Settings, database: Path, journal: Journal, clock: Clock) -> Lists:
    master, url = SymbolMaster(database.parent), settings.symbols_url
    if url is None:
        return Lists(master, None)
    tell = partial(_tell_of_lists, journal, clock)
    return Lists(master, Refresher(database.parent, url, clock, tell))


def _days(number: int) -> timedelta | None:
    return timedelta(days=number) if number else None


def _bus(*listeners: Listener) -> EventBus:
    bus = EventBus()
    for listener in listeners:
        bus.subscribe(listener)
    return bus


def _tell_of_backup(journal: Journal, clock: Clock, why: str | None) -> None:
    kind = EventKind.BACKUP_MADE if why is None else EventKind.BACKUP_FAILED
    facts = {} if why is None else {"why": why}
    with journal.unit() as unit:
        unit.record(Event(kind=kind, at=clock.now(), problem=why is not None, facts=facts))


def _tell_of_lists(journal: Journal, clock: Clock, why: str | None) -> None:
    kind = EventKind.SYMBOLS_REFRESHED if why is None else EventKind.SYMBOLS_FAILED
    facts = {} if why is None else {"why": why}
    with journal.unit() as unit:
        unit.record(Event(kind=kind, at=clock.now(), problem=why is not None, facts=facts))


def _tell_of_address(journal: Journal, clock: Clock, expected: str, found: str) -> None:
    facts = {"expected": expected, "found": found}
    with journal.unit() as unit:
        kind = EventKind.EGRESS_CHANGED
        unit.record(Event(kind=kind, at=clock.now(), problem=True, facts=facts))


def _tell_of_sheet(journal: Journal, clock: Clock, of: str, why: str | None) -> None:
    kind = EventKind.SHEET_FINE if why is None else EventKind.SHEET_TROUBLE
    facts = {"of": of} if why is None else {"of": of, "why": why}
    with journal.unit() as unit:
        unit.record(Event(kind=kind, at=clock.now(), problem=why is not None, facts=facts))


def _tell_of_rows(journal: Journal, clock: Clock, rows: Sequence[RefusedRow]) -> None:
    facts = {"rows": [{"line": row.number, "why": row.why} for row in rows]}
    event = Event(kind=EventKind.SHEET_ROWS_REFUSED, at=clock.now(), problem=True, facts=facts)
    with journal.unit() as unit:
        unit.record(event)


def _tell_of_disk(journal: Journal, clock: Clock, *, full: bool) -> None:
    kind = EventKind.DISK_FULL if full else EventKind.DISK_FREE
    with journal.unit() as unit:
        unit.record(Event(kind=kind, at=clock.now(), problem=full))


def _court(
    settings: Settings, journal: Journal, playbook: Playbook, clock: Clock
) -> tuple[RiskGate, Sessions, Judge]:
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


def _order_rooms(
    journal: Journal, settlement: Settlement, ownership: Ownership, gates: Gates, clock: Clock
) -> tuple[Dispatcher, Closing, Entering]:
    dispatcher = Dispatcher(journal, ownership, clock)
    closing = Closing(journal, dispatcher, settlement, ownership)
    contracts = Contracts(journal, clock)
    entering = Entering(journal, dispatcher, settlement, closing, gates, contracts)
    return dispatcher, closing, entering


def _truth(
    journal: Journal,
    ledger: Ledger,
    accounts: Accounts,
    settlement: Settlement,
    ownership: Ownership,
    clock: Clock,
) -> tuple[OrderCheck, Recovery]:
    orders = OrderCheck(journal, settlement, ownership, clock)
    legs = LegCheck(journal, settlement, ownership, clock)
    positions = PositionCheck(journal, orders, WriteDown(journal, clock), legs, ledger, clock)
    return orders, Recovery(journal, accounts, orders, positions, clock)


def _open_accounts(
    settings: Settings,
    redaction: Redaction,
    resources: Resources,
    wrap: Wrap | None,
    metrics: Metrics,
) -> tuple[Accounts, Mapping[str, TokenManager]]:
    """Every account, and the managers of those that want a login each day."""
    accounts: list[Account] = []
    managers = _token_managers(settings, resources.clock, redaction)
    resources = replace(resources, tokens=managers)
    for known in settings.accounts:
        lent = replace(resources, orders_per_second=known.orders_per_second)
        broker = open_broker(known.broker, known.name, known.options, lent)
        metered = MeteredBroker(
            wrap(broker) if wrap else broker,
            metrics.observe_broker(known.broker),
            resources.clock,
        )
        account = Account(
            known.name, metered, known.limits, known.default_position_size, known.sessions
        )
        accounts.append(account)
    return Accounts(accounts, settings.default_account), managers


def _token_managers(
    settings: Settings, clock: Clock, redaction: Redaction
) -> Mapping[str, TokenManager]:
    """One for each account whose broker wants a login each day."""
    wanted = [account for account in settings.accounts if account.broker in DAILY_LOGIN]
    if not wanted:
        return {}
    from app.adapters.tokens.fyers import FyersDesk, read_login_options
    from app.adapters.tokens.opening import TokenPlace, open_store

    place = TokenPlace(
        kind=settings.token_store,
        folder=settings.data_dir / TOKENS,
        key=settings.token_key.get_secret_value(),
        previous_key=settings.token_key_previous.get_secret_value(),
        bucket=settings.gcs_bucket_name,
        object_name=settings.gcs_tokens_file,
        key_file=settings.google_application_credentials,
        plain_name_for=wanted[0].name,
    )
    managers: dict[str, TokenManager] = {}
    for account in wanted:
        options = read_login_options(account.name, account.options)
        managers[account.name] = TokenManager(
            account.name,
            open_store(place, account.name, options.app_id),
            FyersDesk(options, clock),
            clock,
            uuid.uuid4().hex,
            redaction.hide,
        )
    return managers


def _pools(settings: Settings, given: Executor | None) -> Mapping[str, Executor]:
    """A pool for each account."""
    names = [NO_ACCOUNT, *(account.name for account in settings.accounts)]
    return {
        name: given or ThreadPoolExecutor(LANE_THREADS, thread_name_prefix=f"novalgo-lane-{name}")
        for name in names
    }


def _ages(settings: Settings) -> AgeLimits:
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


def _configure_log(settings: Settings) -> tuple[RecentLines, Redaction]:
    """Write the log, and keep its newest lines; what is odd about the settings comes first."""
    recent = RecentLines()
    redaction = configure_logging(
        settings.log_level, settings.log_format, secrets=settings.secrets, keep=recent.keep
    )
    for warning in settings.warnings:
        log.warning(warning)
    return recent, redaction
