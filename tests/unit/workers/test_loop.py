"""The loop turns when it is time, and at once when it is woken."""

import threading
from datetime import timedelta

from app.workers.loop import Loop, Step

ALWAYS, NEVER = timedelta(0), timedelta(days=1)


def test_a_step_runs_when_it_is_due_and_not_before() -> None:
    runs: list[str] = []
    loop = Loop([Step("often", ALWAYS, lambda: runs.append("often"))])
    loop.turn(1.0)
    loop.turn(1.0)
    assert runs == ["often", "often"]
    rare = Loop([Step("rare", NEVER, lambda: runs.append("rare"))])
    rare.turn(1.0)
    rare.turn(2.0)
    assert runs.count("rare") == 1


def test_a_step_that_raises_holds_up_no_other() -> None:
    runs: list[str] = []
    steps = [Step("bad", ALWAYS, lambda: 1 / 0), Step("good", ALWAYS, lambda: runs.append("good"))]
    Loop(steps).turn(1.0)
    assert runs == ["good"]


def test_a_loop_that_is_woken_turns_at_once() -> None:
    turned = threading.Semaphore(0)
    loop = Loop([Step("count", ALWAYS, turned.release)], tick=NEVER, name="sleeper")
    loop.start()
    assert turned.acquire(timeout=20)
    for _ in range(3):
        loop.wake()
        assert turned.acquire(timeout=20)
    loop.stop()
    assert "sleeper" not in [thread.name for thread in threading.enumerate()], "it was woken"
