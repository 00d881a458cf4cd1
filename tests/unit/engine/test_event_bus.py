"""Events reach every listener in order, and a listener that fails stops nothing."""

import pytest

from app.domain.events import Event, EventKind
from app.engine.event_bus import EventBus
from tests.fakes.clock import START

RECEIVED = Event(kind=EventKind.RECEIVED, at=START)
FINISHED = Event(kind=EventKind.FINISHED, at=START)


def test_every_listener_hears_every_event_in_order() -> None:
    bus, first, second = EventBus(), list[Event](), list[Event]()
    bus.subscribe(first.append)
    bus.subscribe(second.append)
    bus.publish([RECEIVED, FINISHED])
    assert first == second == [RECEIVED, FINISHED]


def test_a_listener_hears_only_what_comes_after_it() -> None:
    bus, heard = EventBus(), list[Event]()
    bus.publish([RECEIVED])
    bus.subscribe(heard.append)
    bus.publish([FINISHED])
    assert heard == [FINISHED]


def test_a_listener_that_fails_is_logged_and_the_others_hear_all(
    caplog: pytest.LogCaptureFixture,
) -> None:
    bus, heard = EventBus(), list[Event]()

    def fail(event: Event) -> None:
        raise ValueError(event.kind)

    bus.subscribe(fail)
    bus.subscribe(heard.append)
    bus.publish([RECEIVED, FINISHED])
    assert heard == [RECEIVED, FINISHED]
    assert len(caplog.records) == 2


def test_without_listeners_an_event_goes_nowhere() -> None:
    EventBus().publish([RECEIVED])
