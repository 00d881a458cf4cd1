"""Worlds: whole servers without gunicorn, at a broker that a test directs, or on paper."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import cast

import pytest

from app.adapters.brokers import registry
from app.domain.events import ABOUT, Event
from app.domain.facts import FACTS
from app.engine.event_bus import EventBus
from tests.fakes.broker import FakeBroker
from tests.integration.gate import gated_world
from tests.integration.world import World
from tests.simulators.login_host import LoginHost


@pytest.fixture
def world(tmp_path: Path) -> World:
    """At a broker that does what it is told."""
    world = World(tmp_path)
    world.broker = FakeBroker(clock=world.clock)
    world.boot()
    return world


@pytest.fixture
def paper(tmp_path: Path) -> World:
    """On the paper broker."""
    world = World(tmp_path)
    world.boot()
    return world


@pytest.fixture
def login_host() -> Iterator[LoginHost]:
    """Where a login ends."""
    with LoginHost() as host:
        yield host


@pytest.fixture
def gated(tmp_path: Path, login_host: LoginHost, monkeypatch: pytest.MonkeyPatch) -> World:
    """On paper, behind a login each day."""
    monkeypatch.setitem(cast("dict[str, str]", registry.BUILT_IN), "fyers", "tests.fakes.gated")
    return gated_world(tmp_path, login_host.options)


@pytest.fixture(autouse=True)
def every_event_is_as_it_is_documented(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The facts of every event that a test sets off are those of its kind, and of their types."""
    strange: set[tuple[str, str, object]] = set()
    publish = EventBus.publish

    def checked(bus: EventBus, events: Sequence[Event]) -> None:
        for event in events:
            known = ABOUT[event.kind].facts
            strange.update(
                (event.kind.value, name, repr(value))
                for name, value in event.facts.items()
                if name not in known or not FACTS[name].holds(value)
            )
        publish(bus, events)

    monkeypatch.setattr(EventBus, "publish", checked)
    yield
    assert not strange, "see ABOUT in app/domain/events.py, FACTS in app/domain/facts.py"
