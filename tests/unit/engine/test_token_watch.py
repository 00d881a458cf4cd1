"""A token is looked after: made anew in time, tried before the open, and asked for when it must."""

import base64
import json
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast

import pytest

from app.adapters.calendars.files import FileCalendars
from app.adapters.clock import zone
from app.adapters.tokens.stores import MemoryStore
from app.domain.errors import BrokerUnavailable, LoginRefused, StoreUnavailable
from app.domain.events import Event, EventKind
from app.engine.logins import Logins
from app.engine.token_hours import TokenHours
from app.engine.token_manager import TokenManager
from app.engine.token_watch import TokenWatch
from app.ports.tokens import Grant, Kept
from tests.fakes.clock import FakeClock
from tests.fakes.desk import FakeDesk

THURSDAY = datetime(2026, 11, 26, tzinfo=UTC)
HOLIDAY = datetime(2026, 11, 24, tzinfo=UTC)  # Guru Nanak Jayanti
SATURDAY = datetime(2026, 11, 28, tzinfo=UTC)
SIX, PRE_OPEN = timedelta(minutes=30), timedelta(hours=3)  # 06:00 and 08:30 in India
OPEN, NOON, EVENING = timedelta(hours=3, minutes=45), timedelta(hours=6), timedelta(hours=15)
"""By UTC: 09:15, 11:30 and 20:30 in India."""


class Diary:
    """A journal of which the tests need only the events, and who was woken."""

    def __init__(self) -> None:
        self.events: list[Event] = []
        self.wakes = 0

    @contextmanager
    def unit(self) -> Generator["Diary"]:
        yield self

    def record(self, *events: Event) -> None:
        self.events.extend(events)

    def wake_waiting(self) -> None:
        self.wakes += 1

    def kinds(self) -> Sequence[EventKind]:
        return [event.kind for event in self.events]


class States(dict[str, str]):
    """States by their digest."""

    def begin(self, digest: str, account: str, until: datetime) -> None:
        self[digest] = account

    def take(self, digest: str, now: datetime) -> str | None:
        return self.pop(digest, None)


class Scene:
    """One account with its token, and whoever looks after it."""

    def __init__(self, tmp_path: Path, at: datetime, store: Any = None) -> None:
        self.clock = FakeClock(at)
        self.desk = FakeDesk(renews=False)
        self.store = store or MemoryStore()
        self.manager = self.another()
        calendars = FileCalendars(zone, tmp_path)
        hours = TokenHours(lambda: calendars.get("XNSE"), self.clock)
        self.states = States()
        logins = Logins(
            {"fyers": self.manager}, self.states, hours, self.clock, lambda: "a-random-state"
        )
        self.diary = Diary()
        journal = cast("Any", self.diary)
        self.watch = TokenWatch(self.manager, logins, journal, hours, self.clock)

    def another(self) -> TokenManager:
        """The account in another process."""
        return TokenManager("fyers", self.store, self.desk, self.clock, "name")

    def until(self, moment: datetime, step: float = 1.0) -> None:
        """Look after it until then."""
        while self.clock.now() < moment:
            self.watch.keep()
            self.clock.advance(step)

    def told(self) -> Sequence[tuple[EventKind, datetime]]:
        """What was told, and when."""
        return [(event.kind, event.at) for event in self.diary.events]


def scene(tmp_path: Path, at: datetime) -> Scene:
    """A scene with a token that is good until six in the morning."""
    made = Scene(tmp_path, at)
    made.manager.take(Grant("access", "refresh"))
    return made


def test_a_good_token_is_no_news(tmp_path: Path) -> None:
    it = scene(tmp_path, THURSDAY + NOON)
    it.until(THURSDAY + NOON + timedelta(minutes=5))
    assert it.diary.events == []
    assert it.desk.asked == []


def test_a_start_without_a_token_is_told_with_a_link_at_any_time(tmp_path: Path) -> None:
    it = Scene(tmp_path, SATURDAY)
    it.until(SATURDAY + timedelta(minutes=5))
    (event,) = it.diary.events
    assert (event.kind, event.problem) == (EventKind.LOGIN_NEEDED, True)
    assert event.facts["url"] == "https://broker.test/login?state=a-random-state"
    assert list(it.states.values()) == ["fyers"]


def test_a_token_that_dies_in_the_morning_is_told_before_the_open_and_not_at_night(
    tmp_path: Path,
) -> None:
    it = scene(tmp_path, THURSDAY)
    it.until(THURSDAY + NOON, step=20)
    assert it.told() == [(EventKind.LOGIN_NEEDED, THURSDAY + PRE_OPEN)]


@pytest.mark.parametrize("day", [SATURDAY, HOLIDAY])
def test_nobody_is_woken_on_a_day_without_trading(tmp_path: Path, day: datetime) -> None:
    it = scene(tmp_path, day)
    it.until(day + timedelta(hours=23), step=60)
    assert it.told() == []


def test_a_login_that_is_forgotten_is_asked_for_again_the_next_day(tmp_path: Path) -> None:
    it = scene(tmp_path, THURSDAY)
    it.until(THURSDAY + timedelta(days=1, hours=23), step=60)
    assert [at.date().day for _, at in it.told()] == [26, 27]


def test_a_token_that_is_refused_in_use_is_told_at_once(tmp_path: Path) -> None:
    it = scene(tmp_path, THURSDAY + EVENING)
    it.until(THURSDAY + EVENING + timedelta(seconds=10))
    it.manager.refused("access")
    it.watch.keep()
    (event,) = it.diary.events
    assert event.facts["why"] == "the token is refused"


def test_with_a_pin_a_dead_token_is_made_anew_and_nobody_is_troubled(tmp_path: Path) -> None:
    it = scene(tmp_path, THURSDAY)
    it.desk.renews = True
    it.until(THURSDAY + NOON, step=20)
    assert it.desk.made == ["token 1"]
    assert EventKind.LOGIN_NEEDED not in it.diary.kinds()
    assert it.manager.token() == "token 1"


def test_when_that_comes_to_nothing_the_owner_is_told(tmp_path: Path) -> None:
    it = scene(tmp_path, THURSDAY)
    it.desk.renews = True
    it.desk.fails = [LoginRefused("no")]
    it.until(THURSDAY + NOON, step=20)
    assert it.told() == [(EventKind.LOGIN_NEEDED, THURSDAY + PRE_OPEN)]


def test_a_login_in_another_process_counts_within_seconds_and_wakes_what_waited(
    tmp_path: Path,
) -> None:
    it = Scene(tmp_path, THURSDAY + NOON)
    it.until(THURSDAY + NOON + timedelta(seconds=30))
    it.another().take(Grant("elsewhere"))
    it.until(it.clock.now() + timedelta(seconds=3))
    assert it.manager.token() == "elsewhere"
    assert it.diary.kinds() == [EventKind.LOGIN_NEEDED, EventKind.LOGGED_IN]
    assert it.diary.wakes == 1
    assert "elsewhere" not in str(it.diary.events)


def test_after_a_login_a_second_death_is_told_again(tmp_path: Path) -> None:
    it = Scene(tmp_path, THURSDAY + NOON)
    for token in ("first", "second"):
        it.watch.keep()
        it.clock.advance(1)
        it.manager.take(Grant(token))
        it.watch.keep()
        it.manager.refused(token)
    it.watch.keep()
    needed, back = EventKind.LOGIN_NEEDED, EventKind.LOGGED_IN
    assert it.diary.kinds() == [needed, back, needed, back, needed]


def test_before_the_open_the_broker_is_asked_once_whether_it_takes_the_token(
    tmp_path: Path,
) -> None:
    it = Scene(tmp_path, THURSDAY + SIX)
    it.manager.take(Grant("access"))
    it.until(THURSDAY + NOON, step=20)
    assert it.desk.asked == ["accepts access"]
    assert it.diary.events == []


def test_a_token_that_it_does_not_take_is_told_in_time(tmp_path: Path) -> None:
    it = Scene(tmp_path, THURSDAY + SIX)
    it.manager.take(Grant("access"))
    it.desk.dead.add("access")
    it.until(THURSDAY + OPEN, step=20)
    assert it.told() == [(EventKind.LOGIN_NEEDED, THURSDAY + PRE_OPEN)]


def test_a_token_that_it_does_not_take_is_made_anew_where_it_can_be(tmp_path: Path) -> None:
    it = Scene(tmp_path, THURSDAY + SIX)
    it.manager.take(Grant("access", "refresh"))
    it.desk.renews = True
    it.desk.dead.add("access")
    it.until(THURSDAY + OPEN, step=20)
    assert it.manager.token() == "token 1"
    assert it.diary.events == []


def test_a_broker_that_is_away_before_the_open_is_asked_again(tmp_path: Path) -> None:
    it = Scene(tmp_path, THURSDAY + SIX)
    it.manager.take(Grant("access"))
    it.desk.fails = [BrokerUnavailable("away")] * 3
    it.until(THURSDAY + OPEN, step=20)
    assert it.desk.asked == ["accepts access"] * 4


def _short(it: Scene) -> None:
    """Its token dies at 11:30 in India, within the session."""
    dies = int((THURSDAY + NOON).timestamp())
    it.manager.take(Grant(f"a.{_payload(dies)}.c", "refresh"))


def _payload(expires: int) -> str:
    return base64.urlsafe_b64encode(json.dumps({"exp": expires}).encode()).decode().rstrip("=")


def test_a_token_that_does_not_last_for_the_day_is_made_anew_before_the_open(
    tmp_path: Path,
) -> None:
    it = Scene(tmp_path, THURSDAY + SIX)
    it.desk.renews = True
    _short(it)
    it.until(THURSDAY + OPEN, step=20)
    assert it.desk.made == ["token 1"]
    assert it.diary.events == []


def test_where_it_cannot_be_the_owner_is_told_before_the_open(tmp_path: Path) -> None:
    it = Scene(tmp_path, THURSDAY + SIX)
    _short(it)
    it.until(THURSDAY + OPEN, step=20)
    (event,) = it.diary.events
    assert event.facts["why"] == "the token dies within the session, at 06:00 UTC"
    assert event.at == THURSDAY + PRE_OPEN


def test_a_store_that_is_away_stops_nothing(tmp_path: Path) -> None:
    class Away(MemoryStore):
        def read(self) -> Kept:
            raise StoreUnavailable("away")

    it = Scene(tmp_path, THURSDAY + NOON, Away())
    it.manager.take(Grant("access"))
    it.until(it.clock.now() + timedelta(minutes=1))
    assert it.manager.token() == "access"
