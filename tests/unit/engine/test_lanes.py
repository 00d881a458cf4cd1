"""Lanes that stop: what has not begun is left for the next process, without an error."""

import logging
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import cast

import pytest

from app.engine.lanes import Lanes
from app.engine.ownership import Ownership
from app.ports.journal import Job, Journal
from tests.builders import a_job
from tests.fakes.clock import FakeClock


class SlowFlow:
    """A flow whose first job ends when the test says so."""

    def __init__(self) -> None:
        self.runs: list[int] = []
        self.began = threading.Event()
        self.go_on = threading.Event()

    def run(self, job: Job) -> None:
        self.runs.append(job.id)
        self.began.set()
        self.go_on.wait(5)

    def owned(self, owner: str) -> Sequence[int]:
        return []


def test_jobs_that_a_stop_cancels_are_no_faults(caplog: pytest.LogCaptureFixture) -> None:
    flow, pool = SlowFlow(), ThreadPoolExecutor(1)
    ownership = cast(Ownership, None)
    lanes = Lanes(cast(Journal, flow), flow, ownership, FakeClock(), lambda _: pool)
    for number in (1, 2, 3):
        lanes.offer(a_job(id=number))
    assert flow.began.wait(5)
    lanes.close()
    with caplog.at_level(logging.WARNING):
        pool.shutdown(wait=False, cancel_futures=True)
        flow.go_on.set()
        pool.shutdown(wait=True)
    assert not caplog.records
    assert flow.runs == [1]
