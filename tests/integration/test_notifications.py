"""From an event to a letter that arrived: once, in order, whatever dies or fails on the way."""

from collections.abc import Sequence
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from app.bootstrap import build_app
from app.domain.errors import JournalError
from app.domain.events import Event, EventKind
from app.engine.courier import LONGEST_GAP, TRIES
from tests.fakes.broker import FakeBroker, reject
from tests.fakes.messenger import FakeMessenger
from tests.integration.world import SETTINGS, Crash, DiskFault, Fuse, World, fake

FIRST, SECOND = "json://first/", "json://second/"
BUY = {"action": "buy", "symbol": "AAPL", "quantity": 10}
NO_SIZE = {"action": "buy", "symbol": "AAPL"}


def told(tmp_path: Path, urls: str = FIRST, events: str = "problems", name: str = "world") -> World:
    """A world with notifications, at a broker that does what it is told."""
    world = World(tmp_path / name, settings={"NOTIFY_URLS": urls, "NOTIFY_EVENTS": events})
    world.messenger = FakeMessenger(world.step)
    world.broker = FakeBroker(clock=world.clock)
    world.boot()
    return world


def deliver(world: World, seconds: int = 5) -> None:
    """Let time pass, and each courier turn once a second."""
    for _ in range(seconds):
        world.clock.advance(1)
        world.server.services.ownership.beat()
        for courier in world.server.post.couriers:
            courier.turn()


def problem(world: World, kind: EventKind = EventKind.BACKUP_FAILED, why: str = "no room") -> None:
    event = Event(kind=kind, at=world.clock.now(), problem=True, facts={"why": why})
    with world.server.services.journal.unit() as unit:
        unit.record(event)


def titles(world: World, address: str = FIRST) -> Sequence[str]:
    return [letter.title for to, letter in world.messenger.arrived if to == address]


def test_a_denied_alert_is_told_with_its_reason(tmp_path: Path) -> None:
    world = told(tmp_path)
    world.send(**NO_SIZE)
    deliver(world)
    (text,) = world.messenger.texts(FIRST)
    assert text.startswith("Denied: buy AAPL on fake\nNO_SIZE")
    assert "docs/errors.md" in text


def test_a_rejected_order_is_one_letter(tmp_path: Path) -> None:
    world = told(tmp_path)
    fake(world).script.append(reject("no margin"))
    world.send(**BUY)
    deliver(world)
    (text,) = world.messenger.texts(FIRST)
    assert text.startswith("Rejected: buy 10 AAPL on fake\n")
    assert "no margin" in text


def test_a_clean_fill_is_no_problem(tmp_path: Path) -> None:
    world = told(tmp_path)
    world.send(**BUY)
    deliver(world)
    assert not world.messenger.arrived


def test_who_wants_fills_is_told_of_them(tmp_path: Path) -> None:
    world = told(tmp_path, events="filled")
    world.send(**BUY)
    deliver(world)
    assert titles(world) == ["Filled: buy 10 AAPL on fake"]


def test_each_address_hears_what_it_asked_for(tmp_path: Path) -> None:
    world = told(tmp_path, f"{FIRST} {SECOND}?notify_events=filled")
    world.send(**NO_SIZE)
    world.send(**BUY)
    deliver(world)
    assert titles(world, FIRST) == ["Denied: buy AAPL on fake"]
    assert titles(world, SECOND) == ["Filled: buy 10 AAPL on fake"]


def test_a_new_address_hears_only_what_happens_from_now_on(tmp_path: Path) -> None:
    world = told(tmp_path)
    problem(world)
    deliver(world)
    world.settings["NOTIFY_URLS"] = f"{FIRST} {SECOND}"
    world.crash_and_boot()
    problem(world, why="another")
    deliver(world)
    assert len(titles(world, FIRST)) == 2
    assert ["another" in text for text in world.messenger.texts(SECOND)] == [True]


def test_an_address_that_went_is_forgotten(tmp_path: Path) -> None:
    world = told(tmp_path, f"{FIRST} {SECOND}")
    world.settings["NOTIFY_URLS"] = SECOND
    world.crash_and_boot()
    (standing,) = world.server.post.outbox.standings()
    assert standing.sink == world.server.post.couriers[0].sink.name


def test_a_dead_address_holds_back_no_other(tmp_path: Path) -> None:
    world = told(tmp_path, f"{FIRST} {SECOND}")
    world.messenger.dead.add(FIRST)
    problem(world)
    deliver(world)
    assert not titles(world, FIRST)
    assert len(titles(world, SECOND)) == 1


def test_a_letter_is_tried_again_and_later_each_time(tmp_path: Path) -> None:
    world = told(tmp_path)
    world.messenger.dead.add(FIRST)
    problem(world)
    tries: list[int] = []
    for _ in range(200):
        deliver(world, 1)
        (standing,) = world.server.post.outbox.standings()
        tries.append(standing.tries)
    starts = [tries.index(count) for count in range(1, max(tries) + 1)]
    assert [late - early for early, late in pairwise(starts)] == [10, 20, 40, 80]
    world.messenger.dead.clear()
    deliver(world, 160)
    assert len(titles(world)) == 1


def test_what_happens_while_an_address_is_dead_is_one_letter_after_it(tmp_path: Path) -> None:
    world = told(tmp_path)
    world.messenger.dead.add(FIRST)
    problem(world, why="the first")
    deliver(world)
    for number in range(50):
        problem(world, why=f"number {number}")
    world.messenger.dead.clear()
    deliver(world, 20)
    first, second = world.messenger.texts(FIRST)
    assert "the first" in first
    assert second.startswith("50 events: 50 no backup could be made\n")


def give_up(world: World) -> None:
    for _ in range(TRIES):
        world.clock.advance(timedelta(minutes=10))
        deliver(world, 2)


def test_a_letter_that_nobody_takes_is_put_aside_and_told_elsewhere(tmp_path: Path) -> None:
    world = told(tmp_path, f"{FIRST} {SECOND}")
    world.messenger.dead.add(FIRST)
    problem(world)
    give_up(world)
    (dead,) = world.server.post.outbox.dead_letters(10)
    assert (dead.letter.title, dead.tries, dead.error) == (
        "No backup could be made",
        TRIES,
        "nobody is there",
    )
    assert titles(world, SECOND)[-1] == "A notification was given up"


def test_an_address_is_not_told_that_it_is_dead(tmp_path: Path) -> None:
    world = told(tmp_path)
    world.messenger.dead.add(FIRST)
    problem(world)
    give_up(world)
    world.messenger.dead.clear()
    deliver(world, 60)
    assert not titles(world)
    problem(world, why="the next")
    deliver(world)
    assert len(titles(world)) == 1


def test_a_flood_is_few_letters_that_tell_of_all(tmp_path: Path) -> None:
    world = told(tmp_path)
    for _ in range(120):
        for _ in range(5):
            problem(world)
        deliver(world, 1)
    deliver(world, LONGEST_GAP + 2)
    assert sum(letter.events for _, letter in world.messenger.arrived) == 600
    assert len(world.messenger.arrived) < 12


def test_after_a_flood_a_letter_comes_at_once_again(tmp_path: Path) -> None:
    world = told(tmp_path)
    for _ in range(60):
        problem(world)
        deliver(world, 1)
    deliver(world, 2 * LONGEST_GAP)
    before = len(world.messenger.arrived)
    problem(world)
    deliver(world, 2)
    assert len(world.messenger.arrived) == before + 1


def test_two_processes_send_a_letter_once(tmp_path: Path) -> None:
    world = told(tmp_path)
    world.boot()
    problem(world)
    for _ in range(5):
        world.clock.advance(1)
        for server in world.servers:
            server.services.ownership.beat()
            for courier in server.post.couriers:
                courier.turn()
    assert len(world.messenger.arrived) == 1


def test_while_a_living_process_sends_a_letter_no_other_does(tmp_path: Path) -> None:
    world = told(tmp_path)
    problem(world)
    world.messenger.dead.add(FIRST)
    deliver(world, 2)
    outbox, name = world.server.post.outbox, world.server.post.couriers[0].sink.name
    assert outbox.take(name, world.server.services.ownership.id)
    other = world.boot()
    assert not other.post.outbox.take(name, other.services.ownership.id)
    world.servers[0].services.ownership.stop()
    assert other.post.outbox.take(name, other.services.ownership.id)


def test_the_depth_counts_what_was_not_told_yet(tmp_path: Path) -> None:
    world = told(tmp_path)
    world.messenger.dead.add(FIRST)
    (courier,) = world.server.post.couriers
    assert courier.depth() == 0
    problem(world)
    deliver(world)
    world.send(**BUY)
    problem(world)
    problem(world)
    assert courier.depth() == 3


def test_the_daily_summary_is_told_with_problems(tmp_path: Path) -> None:
    world = told(tmp_path)
    facts: dict[str, object] = {
        "since": "2026-11-19T21:00:00+00:00",
        "until": "2026-11-20T21:00:00+00:00",
        "trades": 3,
        "won": 2,
        "realised": {"USD": "12.50", "INR": "-300"},
        "open": ["4 MSFT on fake", "-1 TSLA on fake"],
        "problems": {"denied": 2},
    }
    with world.server.services.journal.unit() as unit:
        unit.record(Event(kind=EventKind.DAILY_SUMMARY, at=world.clock.now(), facts=facts))
    deliver(world)
    (text,) = world.messenger.texts(FIRST)
    assert text.splitlines()[:5] == [
        "Daily summary",
        "Trades closed: 3, won 2",
        "Realised: 12.5 USD, -300 INR",
        "Open: 4 MSFT on fake, -1 TSLA on fake",
        "Problems: 2 denied",
    ]


def test_the_api_and_the_figures_show_what_is_on_its_way_and_what_was_given_up(
    tmp_path: Path,
) -> None:
    world = told(tmp_path)
    name = world.server.post.couriers[0].sink.name
    world.messenger.dead.add(FIRST)
    problem(world)
    deliver(world)
    client = build_app(world.server).test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {SETTINGS['API_KEY']}"
    (sink,) = client.get("/api/v1/notifications").get_json()["sinks"]
    assert (sink["sink"], sink["title"], sink["tries"]) == (name, "No backup could be made", 1)
    assert f'novalgo_outbox_depth{{sink="{name}"}} 1.0' in client.get("/metrics").text
    give_up(world)
    told_now = client.get("/api/v1/notifications").get_json()
    assert [each["error"] for each in told_now["dead_letters"]] == ["nobody is there"]
    assert told_now["sinks"][0]["title"] is None


def test_secrets_are_taken_out_of_what_is_told(tmp_path: Path) -> None:
    world = told(tmp_path, "tgram://123456789:AAFq-x9_canary/4711")
    canaries = [world.server.settings.api_key.get_secret_value(), "AAFq-x9_canary"]
    problem(world, why=" and ".join(canaries))
    deliver(world)
    ((_, letter),) = world.messenger.arrived
    assert "*** and ***" in letter.text


@pytest.mark.parametrize("kind", [Fuse, DiskFault])
def test_a_death_or_a_fault_at_any_step_loses_no_event(tmp_path: Path, kind: type[Fuse]) -> None:
    calm = told(tmp_path, name="calm")
    calm.fuse = Fuse()
    play(calm)
    steps = calm.fuse.step
    assert steps > 10
    for step in range(1, steps + 1):
        world = told(tmp_path, name=f"at{step}")
        world.fuse = fuse = kind(at=step)
        play(world)
        where = f"step {step} of {steps}: {fuse.last}"
        words = "\n".join(world.messenger.texts(FIRST))
        assert "the first" in words, where
        assert "the second" in words, where
        repeated = [text for _, text in world.messenger.arrived]
        assert len(repeated) - len(set(repeated)) <= 1, where
        world.server.database.close()


def play(world: World) -> None:
    """Two problems that are told, each in its letter; the process may die on the way."""
    for why in ("the first", "the second"):
        fuse, world.fuse = world.fuse, Fuse()
        problem(world, why=why)
        world.fuse = fuse
        for _ in range(6):
            try:
                deliver(world, 1)
            except Crash:
                world.crash_and_boot()
            except JournalError:
                continue
