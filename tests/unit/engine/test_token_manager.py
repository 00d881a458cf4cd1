"""Of all who share a store one at a time makes a token, and the others take what it made."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from threading import Event, Thread

import pytest

from app.adapters.tokens.stores import MemoryStore
from app.domain.errors import (
    BrokerLoginNeeded,
    BrokerUnavailable,
    LoginRefused,
    StoreConflict,
    StoreUnavailable,
)
from app.domain.token import Login, Token
from app.engine.token_manager import CLAIM, GLANCE_EVERY, Standing, TokenManager
from app.ports.tokens import Grant, Kept, TokenStore
from tests.fakes.clock import FakeClock
from tests.fakes.desk import FakeDesk

DAY = timedelta(days=1)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def desk() -> FakeDesk:
    return FakeDesk()


@pytest.fixture
def store() -> MemoryStore:
    return MemoryStore()


Make = Callable[..., TokenManager]


@pytest.fixture
def make(clock: FakeClock, desk: FakeDesk, store: MemoryStore) -> Make:
    """Managers of one account, each in a process of its own."""
    names = iter("abcdefgh")

    def manager(on: TokenStore = store) -> TokenManager:
        return TokenManager("fyers", on, desk, clock, next(names))

    return manager


def test_without_a_token_a_login_is_needed(make: Make) -> None:
    manager = make()
    with pytest.raises(BrokerLoginNeeded, match="missing"):
        manager.token()
    assert manager.standing() is Standing.MISSING


def test_a_login_of_one_process_is_good_for_all(make: Make, clock: FakeClock) -> None:
    ours, theirs = make(), make()
    assert theirs.current() is None
    ours.take(Grant("access", "refresh"))
    clock.advance(GLANCE_EVERY)
    assert ours.token() == theirs.token() == "access"


def test_who_asks_again_and_again_does_not_read_the_store_each_time(make: Make) -> None:
    class Counting(MemoryStore):
        glances = 0

        def glance(self) -> Login:
            self.glances += 1
            return super().glance()

    store = Counting()
    manager = make(store)
    for _ in range(100):
        assert manager.current() is None
    assert store.glances == 1


def test_a_token_dies_when_its_time_has_come(make: Make, clock: FakeClock) -> None:
    manager = make()
    manager.take(Grant("access"))
    clock.advance(DAY)
    assert manager.standing() is Standing.EXPIRED
    with pytest.raises(BrokerLoginNeeded, match="expired"):
        manager.token()


def test_a_refused_token_is_not_sent_again_and_whoever_keeps_it_is_woken(make: Make) -> None:
    manager, woken = make(), list[None]()
    manager.wake = lambda: woken.append(None)
    manager.take(Grant("access"))
    manager.refused("another")
    assert manager.token() == "access"
    manager.refused("access")
    manager.refused("access")
    assert len(woken) == 1
    assert manager.standing() is Standing.REFUSED
    with pytest.raises(BrokerLoginNeeded, match="refused"):
        manager.token()


def test_a_refused_token_is_not_taken_from_the_store_again(make: Make, clock: FakeClock) -> None:
    ours, theirs = make(), make()
    ours.take(Grant("access"))
    theirs.sync()
    theirs.refused("access")
    clock.advance(GLANCE_EVERY)
    theirs.sync()
    assert theirs.current() is None
    ours.take(Grant("fresh"))
    theirs.sync()
    assert theirs.token() == "fresh"


def test_a_dead_token_is_made_anew_from_its_refresh_token(
    make: Make, desk: FakeDesk, clock: FakeClock
) -> None:
    manager = make()
    manager.take(Grant("access", "refresh"))
    clock.advance(DAY)
    manager.make()
    assert manager.token() == "token 1"
    assert desk.asked == ["renew refresh"]
    clock.advance(DAY)
    manager.make()
    assert desk.asked == ["renew refresh"] * 2, "the refresh token is kept for many days"


def test_a_good_token_is_left_alone(make: Make, desk: FakeDesk) -> None:
    manager = make()
    manager.take(Grant("access", "refresh"))
    manager.make()
    assert desk.asked == []


def test_by_hand_a_good_token_is_made_anew(make: Make, desk: FakeDesk) -> None:
    manager = make()
    manager.take(Grant("access", "refresh"))
    manager.renew()
    assert manager.token() == "token 1"


def test_while_one_makes_a_token_the_others_wait_and_then_take_it(
    make: Make, desk: FakeDesk, clock: FakeClock
) -> None:
    ours, theirs = make(), make()
    ours.take(Grant("access", "refresh"))
    theirs.sync()
    clock.advance(DAY)
    desk.meanwhile = theirs.make
    ours.make()
    theirs.sync()
    assert desk.made == ["token 1"]
    assert ours.token() == theirs.token() == "token 1"


def test_of_two_threads_that_want_a_new_token_one_makes_it_at_a_time(
    make: Make, desk: FakeDesk
) -> None:
    manager, a_while = make(), Event()
    manager.take(Grant("access", "refresh"))
    inside, most, other = list[None](), list[int](), Thread(target=manager.renew)

    def meanwhile() -> None:
        inside.append(None)
        if other.ident is None:
            other.start()
        a_while.wait(0.2)
        most.append(len(inside))
        inside.pop()

    desk.meanwhile = meanwhile
    manager.renew()
    other.join()
    assert most == [1, 1]
    assert manager.token() == "token 2"


def test_the_claim_of_one_that_died_ends(make: Make, desk: FakeDesk, clock: FakeClock) -> None:
    ours, theirs = make(), make()
    ours.take(Grant("access", "refresh"))
    clock.advance(DAY)

    class Killed(BaseException):
        pass

    def die() -> None:
        raise Killed

    desk.meanwhile = die
    with pytest.raises(Killed):
        ours.make()
    desk.meanwhile = lambda: None
    theirs.make()
    assert desk.made == []
    clock.advance(CLAIM)
    theirs.make()
    assert theirs.token() == "token 1"


def test_a_login_by_a_person_while_another_is_made_leaves_all_with_the_later_one(
    make: Make, desk: FakeDesk, clock: FakeClock
) -> None:
    ours, theirs = make(), make()
    ours.take(Grant("access", "refresh"))
    clock.advance(DAY)

    def meanwhile() -> None:
        clock.advance(1)
        theirs.take(Grant("by a person", "another refresh"))
        clock.advance(-1)

    desk.meanwhile = meanwhile
    ours.make()
    ours.sync()
    theirs.sync()
    assert ours.token() == theirs.token() == "by a person"


def test_a_broker_that_is_away_is_asked_again_ever_more_rarely(
    make: Make, desk: FakeDesk, clock: FakeClock
) -> None:
    manager = make()
    manager.take(Grant("access", "refresh"))
    clock.advance(DAY)
    desk.fails = [BrokerUnavailable("away")] * 100
    asked_at: list[float] = []
    for second in range(400):
        manager.make()
        asked_at += [second] * (len(desk.asked) - len(asked_at))
        clock.advance(1)
    assert asked_at == [0, 5, 15, 35, 75, 155, 315]
    assert manager.in_vain


def test_after_an_outage_somebody_else_may_try_at_once(
    make: Make, desk: FakeDesk, clock: FakeClock
) -> None:
    ours, theirs = make(), make()
    ours.take(Grant("access", "refresh"))
    clock.advance(DAY)
    desk.fails = [BrokerUnavailable("away")]
    ours.make()
    theirs.make()
    assert theirs.token() == "token 1"


def test_a_refresh_token_that_is_refused_is_never_tried_again_by_anybody(
    make: Make, desk: FakeDesk, clock: FakeClock
) -> None:
    ours, theirs = make(), make()
    ours.take(Grant("access", "refresh"))
    theirs.sync()
    clock.advance(DAY)
    desk.fails = [LoginRefused("wrong pin")]
    ours.make()
    assert not ours.makes_its_own
    theirs.sync()
    for _ in range(100):
        clock.advance(60)
        ours.make()
        theirs.make()
    assert desk.asked == ["renew refresh"]
    assert not theirs.makes_its_own


def test_a_login_without_a_person_that_is_refused_waits_for_a_person(
    make: Make, desk: FakeDesk, clock: FakeClock
) -> None:
    desk.renews, desk.logs_in = False, True
    ours, theirs = make(), make()
    desk.fails = [LoginRefused("wrong pin")]
    ours.make()
    assert not ours.makes_its_own
    for _ in range(100):
        clock.advance(60)
        ours.make()
        theirs.make()
    assert desk.asked == ["log in"]
    ours.take(Grant("by a person"))
    clock.advance(DAY)
    ours.make()
    assert desk.asked == ["log in"] * 2


def test_what_is_refused_by_hand_is_told(make: Make, desk: FakeDesk) -> None:
    manager = make()
    with pytest.raises(BrokerLoginNeeded, match="person"):
        manager.renew()
    manager.take(Grant("access", "refresh"))
    desk.fails = [BrokerUnavailable("away")]
    with pytest.raises(BrokerUnavailable):
        manager.renew()
    desk.fails = [LoginRefused("no")]
    with pytest.raises(LoginRefused):
        manager.renew()
    assert manager.token() == "access", "what was good stays good"


def test_a_token_that_is_refused_at_once_is_not_made_again_and_again(
    make: Make, desk: FakeDesk, clock: FakeClock
) -> None:
    manager = make()
    manager.take(Grant("access", "refresh"))
    clock.advance(DAY)
    for _ in range(60):
        manager.make()
        if manager.current() is not None:
            manager.refused(manager.token())
        clock.advance(1)
    assert len(desk.asked) == 4


class Broken(MemoryStore):
    """A store that reads and does not write."""

    def write(self, login: Login, generation: str) -> Kept:
        raise StoreUnavailable("the disk is full")


def test_a_store_that_cannot_be_written_holds_no_login_back(make: Make) -> None:
    manager = make(Broken())
    manager.take(Grant("access", "refresh"))
    manager.renew()
    assert manager.token() == "token 1"


def test_a_refusal_that_cannot_be_written_down_counts_all_the_same(
    make: Make, desk: FakeDesk, clock: FakeClock
) -> None:
    manager = make(Broken())
    manager.take(Grant("access", "refresh"))
    desk.logs_in = True
    clock.advance(DAY)
    desk.fails = [LoginRefused("wrong pin")] * 2
    for _ in range(100):
        manager.make()
        clock.advance(60)
    assert desk.asked == ["renew refresh", "log in"]


def test_what_could_not_be_kept_is_kept_later(make: Make, clock: FakeClock) -> None:
    class Repaired(MemoryStore):
        broken = True

        def write(self, login: Login, generation: str) -> Kept:
            if self.broken:
                raise StoreUnavailable("the disk is full")
            return super().write(login, generation)

    store = Repaired()
    manager = make(store)
    manager.take(Grant("access"))
    store.broken = False
    manager.sync()
    assert make(store).token() == "access"


def test_a_writer_that_is_always_faster_does_not_hold_us_for_ever(make: Make) -> None:
    class Contested(MemoryStore):
        def write(self, login: Login, generation: str) -> Kept:
            raise StoreConflict("somebody else wrote")

    manager = make(Contested())
    manager.take(Grant("access"))
    assert manager.token() == "access"


def test_every_token_is_told_to_whoever_hides_it(
    clock: FakeClock, desk: FakeDesk, store: MemoryStore
) -> None:
    hidden: list[str] = []
    manager = TokenManager("fyers", store, desk, clock, "a", hidden.append)
    manager.take(Grant("access", "refresh"))
    assert hidden == ["access", "refresh"]
    elsewhere: list[str] = []
    TokenManager("fyers", store, desk, clock, "b", elsewhere.append).token()
    assert elsewhere == hidden


def test_the_spent_refresh_token_of_an_older_token_is_no_matter(
    make: Make, store: MemoryStore, clock: FakeClock
) -> None:
    manager = make()
    token = manager.take(Grant("access", "refresh"))
    old = Token(access="older", expires_at=token.expires_at, obtained_at=token.obtained_at - DAY)
    store.write(Login(replace(old, refresh=None)), store.read().generation)
    manager.sync()
    assert manager.token() == "access"
    assert store.read().login.token == token, "the newer one is put back"
