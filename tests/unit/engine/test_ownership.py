"""Work belongs to one process by its lease, and to one thread of it by its job."""

from collections.abc import Callable, Sequence
from concurrent.futures import Executor, Future
from datetime import timedelta
from itertools import count
from typing import Any, cast

import pytest

from app.domain.errors import FencedOut, JournalError
from app.engine.lanes import Lanes
from app.engine.ownership import Ownership
from app.ports.journal import Job, Journal
from tests.builders import a_job
from tests.fakes.clock import FakeClock


class FakeOwners:
    """Owners in memory. `slow`: seconds that each write takes; `broken`: it cannot write."""

    lease = timedelta(seconds=30)

    def __init__(self, clock: FakeClock) -> None:
        self.alive: list[str] = []
        self.dead: list[tuple[str, int]] = []
        self.slow = 0.0
        self.broken = False
        self._clock = clock

    def register(self, owner: str) -> None:
        self._write()
        self.alive.append(owner)

    def beat(self, owner: str) -> bool:
        self._write()
        return owner in self.alive

    def first(self) -> str:
        return next(iter(self.alive), "")

    def release_dead(self, owner: str) -> Sequence[tuple[str, int]]:
        return [entry for entry in self.dead if entry[0] != owner]

    def leave(self, owner: str) -> None:
        self.alive.remove(owner)

    def take_work_of(self, owner: str) -> None:
        """Do what another process does to one that seems dead."""
        self.alive.remove(owner)

    def _write(self) -> None:
        self._clock.advance(self.slow)
        if self.broken:
            raise JournalError("disk full")


class Us:
    """A process: its clock, the owners it shares with others, its ownership."""

    def __init__(self) -> None:
        self.clock = FakeClock()
        self.owners = FakeOwners(self.clock)
        names = count(1)
        self.ownership = Ownership(self.owners, self.clock, lambda: f"us-{next(names)}")

    def is_fenced(self, owner: str | None = None) -> bool:
        try:
            self.ownership.check(owner)
        except FencedOut:
            return True
        return False


@pytest.fixture
def us() -> Us:
    process = Us()
    process.ownership.start()
    return process


# --- the lease -----------------------------------------------------------------------------------


def test_nothing_may_be_touched_before_the_start() -> None:
    assert Us().is_fenced()


@pytest.mark.parametrize(("seconds", "fenced"), [(0, False), (20.9, False), (21.1, True)])
def test_after_seven_tenths_of_the_lease_without_a_beat_nothing_may_be_touched(
    us: Us, seconds: float, *, fenced: bool
) -> None:
    us.clock.advance(seconds)
    assert us.is_fenced() is fenced


def test_the_reason_says_how_long_the_lease_was_not_renewed(us: Us) -> None:
    us.clock.advance(40)
    with pytest.raises(FencedOut, match=r"not renewed for 40\.0 s"):
        us.ownership.check()


@pytest.mark.parametrize("days", [-1, 1])
def test_a_jump_of_the_wall_clock_changes_nothing(us: Us, days: int) -> None:
    us.clock.jump(timedelta(days=days))
    assert not us.is_fenced()


def test_a_beat_renews_the_lease(us: Us) -> None:
    for _ in range(5):
        us.clock.advance(20)
        us.ownership.beat()
    assert not us.is_fenced()
    assert us.ownership.id == "us-1"


def test_the_process_that_registered_first_leads(us: Us) -> None:
    second = Ownership(us.owners, us.clock, lambda: "second")
    second.start()
    assert (us.ownership.leads(), second.leads()) == (True, False)
    us.ownership.stop()
    assert (us.ownership.leads(), second.leads()) == (False, True)


def test_who_has_not_renewed_its_lease_does_not_lead(us: Us) -> None:
    us.clock.advance(22)
    assert not us.ownership.leads()
    us.ownership.beat()
    assert us.ownership.leads()


def test_who_lost_its_work_while_it_was_frozen_leads_no_more(us: Us) -> None:
    second = Ownership(us.owners, us.clock, lambda: "second")
    second.start()
    us.owners.take_work_of("us-1")
    us.ownership.beat()
    assert (us.ownership.leads(), second.leads()) == (False, True)


def test_a_slow_beat_counts_from_its_beginning(us: Us) -> None:
    us.owners.slow = 15
    us.ownership.beat()
    us.clock.advance(7)
    assert us.is_fenced()


def test_a_slow_registration_counts_from_its_beginning() -> None:
    us = Us()
    us.owners.slow = 15
    us.ownership.start()
    us.clock.advance(7)
    assert us.is_fenced()


def test_a_beat_that_cannot_be_written_renews_nothing(us: Us) -> None:
    us.owners.broken = True
    us.clock.advance(15)
    with pytest.raises(JournalError):
        us.ownership.beat()
    us.clock.advance(7)
    assert us.is_fenced()


# --- work that was taken -------------------------------------------------------------------------


def test_when_the_work_was_taken_a_beat_registers_anew(us: Us) -> None:
    us.owners.take_work_of("us-1")
    us.clock.advance(40)
    us.ownership.beat()
    assert us.ownership.id == "us-2"
    assert us.owners.alive == ["us-2"]
    assert not us.is_fenced()


def test_work_of_the_old_name_stays_fenced_under_the_new_one(us: Us) -> None:
    us.owners.take_work_of("us-1")
    us.ownership.beat()
    assert us.is_fenced("us-1")
    assert not us.is_fenced("us-2")


def test_the_work_of_dead_processes_is_released_and_counted(us: Us) -> None:
    us.owners.dead = [("a", 2), ("b", 3), ("us-1", 7)]
    assert us.ownership.take_over() == 5


def test_stopping_gives_the_work_back_and_touches_nothing_more(us: Us) -> None:
    us.ownership.stop()
    assert us.owners.alive == []
    assert us.is_fenced()


def test_a_beat_after_the_stop_does_not_come_back_to_life(us: Us) -> None:
    us.ownership.stop()
    us.ownership.beat()
    assert (us.ownership.id, us.owners.alive) == ("", [])


def test_stopping_twice_is_stopping_once(us: Us) -> None:
    us.ownership.stop()
    us.ownership.stop()
    assert us.owners.alive == []


# --- one thread for each job ---------------------------------------------------------------------


class Later(Executor):
    """A pool whose threads start when the test says so."""

    def __init__(self) -> None:
        self.tasks: list[Callable[[], Any]] = []

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> "Future[Any]":
        self.tasks.append(lambda: fn(*args, **kwargs))
        return Future()


class OneLane:
    """A journal with one lane whose second job is claimed when the first one ends, and its flow."""

    def __init__(self, us: Us) -> None:
        self.pool = Later()
        self.runs: list[int] = []
        self.claimed: list[int] = []
        self.lanes = Lanes(cast(Journal, self), self, us.ownership, us.clock, lambda _: self.pool)

    def owned(self, owner: str) -> Sequence[int]:
        return self.claimed

    def job(self, job_id: int) -> Job:
        return a_job(id=job_id, owner="us-1")

    def run(self, job: Job) -> Job | None:
        """End a job; before its thread goes on, the loop looks for stranded jobs."""
        self.runs.append(job.id)
        self.claimed = [2] if job.id == 1 else []
        self.lanes.resume_stranded()
        return self.job(2) if job.id == 1 else None


def test_a_job_that_looks_stranded_between_two_runs_of_its_lane_is_run_once(us: Us) -> None:
    lane = OneLane(us)
    lane.lanes.offer(a_job(id=1))
    while lane.pool.tasks:
        lane.pool.tasks.pop(0)()
    assert lane.runs == [1, 2]
    assert lane.lanes.busy == 0


def test_a_closed_lane_starts_nothing_more(us: Us) -> None:
    lane = OneLane(us)
    lane.lanes.close()
    lane.lanes.offer(a_job(id=1))
    assert lane.pool.tasks == []
