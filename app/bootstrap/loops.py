"""What is done again and again, how often, and on which thread."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import partial

from app.adapters.journal.backup import Backups
from app.adapters.journal.purge import Purge
from app.adapters.logging import Redaction
from app.adapters.playbook.sheets.sheet import Sheet
from app.adapters.reserve import Reserve
from app.bootstrap.server import Post, Watch
from app.bootstrap.telling import tell_of_address
from app.config import Settings
from app.domain.letters import Digest, Letter
from app.domain.rates import Purpose
from app.engine.accounts import Account
from app.engine.courier import Courier, trade_of
from app.engine.daily_summary import DailySummary
from app.engine.hearing import Hearing
from app.engine.performance import Performance
from app.engine.services import Services
from app.engine.token_manager import TokenManager
from app.engine.token_watch import TokenWatch
from app.ports.budget import errand
from app.ports.clock import Clock
from app.ports.journal import Journal
from app.ports.messenger import Messenger
from app.workers.loop import Loop, Step

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
COURIERS_EVERY = timedelta(seconds=0.5)
SUMMARY_EVERY = timedelta(seconds=20)
LOOK_AT_THE_SHEET_EVERY = timedelta(seconds=1)
LOOK_FOR_BACKUPS_EVERY = timedelta(seconds=10)


def main_loop(services: Services, reserve: Reserve) -> Loop:
    """The loop that calls no broker."""
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


def watch_of(services: Services, account: Account) -> Watch:
    """What is done for one account, on a loop of its own."""
    recovery, journal, clock = services.recovery, services.journal, services.clock
    sweep = services.lanes.sweep

    def reducing(look: Callable[[Account], object]) -> Callable[[], object]:
        return errand(Purpose.REDUCE)(partial(look, account))

    hearing = Hearing(account, journal, services.settlement, recovery, clock, sweep)
    loop = Loop(
        [
            # A fill that is not known of has no stop yet.
            Step("hear", ALWAYS, errand(Purpose.REDUCE)(hearing.act)),
            Step("recover", TAKE_OVER_EVERY, partial(recovery.keep, account)),
            Step("reconcile", RECONCILE_EVERY, partial(recovery.look, account)),
            Step("learn the calendar", LEARN_EVERY, partial(services.sessions.learn, account)),
            Step("watch the stops", STOP_WATCH_EVERY, reducing(services.stop_watch.look)),
            Step("follow up", FOLLOW_UP_EVERY, partial(services.follow_up.look, account)),
            Step("watch targets", TARGET_WATCH_EVERY, reducing(services.target_watch.look)),
            Step("square off", SQUARE_OFF_EVERY, reducing(services.square_off.look)),
            Step("enforce", TAKE_OVER_EVERY, reducing(services.kill_switch.enforce)),
        ],
        name=f"novalgo-{account.name}",
    )
    hearing.wake = loop.wake
    return Watch(account, hearing, loop)


def token_loop(services: Services, manager: TokenManager) -> Loop:
    """A login may take its time, and nothing else waits for it."""
    logins, journal = services.logins, services.journal
    watch = TokenWatch(manager, logins, journal, logins.hours, services.clock)
    name = f"novalgo-token-{manager.account}"
    loop = Loop([Step("keep the token", ALWAYS, watch.keep)], TOKENS_EVERY, name)
    manager.wake = loop.wake
    return loop


def post_of(settings: Settings, services: Services, messenger: Messenger) -> Post:
    """Notifications: a courier for each address, and its loop."""
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


def chores_loop(backups: Backups, purge: Purge, *more: Step) -> Loop:
    """What may take its time, on a thread that nothing else waits for."""
    steps = [
        Step("back up", LOOK_FOR_BACKUPS_EVERY, backups.keep),
        Step("purge", CHORES_EVERY, purge.run),
        *more,
    ]
    return Loop(steps, CHORES_EVERY, "novalgo-chores")


def egress_steps(settings: Settings, journal: Journal, clock: Clock) -> Iterator[Step]:
    """Look at the address that we call out from, at once and each hour."""
    if settings.egress_ip is None:
        return
    from app.adapters.egress import Egress

    tell = partial(tell_of_address, journal, clock, settings.egress_ip)
    egress = Egress(settings.egress_ip, settings.egress_url, tell)
    yield Step("look at our address", EGRESS_EVERY, egress.look)


def summary_steps(settings: Settings, services: Services) -> Sequence[Step]:
    """Sum the day up, where somebody is told of it."""
    time_of_day = settings.summary_at
    if time_of_day is None or not settings.sinks:
        return ()
    summary = DailySummary(
        time_of_day, services.journal, services.records, services.accounts, services.clock
    )
    return [Step("sum up the day", SUMMARY_EVERY, summary.look)]


def equity_step(performance: Performance, every: timedelta) -> Step:
    """Look at what the accounts are worth, for the first time when the start is over."""
    due = time.monotonic() + FIRST_LOOK.total_seconds()
    return Step("note the equity", every, performance.note_equity, due)


def sheet_loop(settings: Settings, sheet: Sheet | None) -> Loop | None:
    """What waits for Google, on a thread that nothing else waits for."""
    if sheet is None or settings.playbook != "google_sheets":
        return None
    step = Step("look after the sheet", LOOK_AT_THE_SHEET_EVERY, sheet.background.turn)
    return Loop([step], LOOK_AT_THE_SHEET_EVERY, "novalgo-sheet")
