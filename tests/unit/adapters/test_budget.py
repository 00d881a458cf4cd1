"""The budget of calls: shared by threads and processes, and never in the way of an exit."""

import fcntl
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from app.adapters.budget import FileBudgets
from app.domain.errors import BrokerUnavailable
from app.domain.rates import Purpose, Rate
from app.ports.budget import Budget
from tests.fakes.clock import FakeClock

RATES = (Rate(8, 1), Rate(20, 60))
WELL_UNDER_A_MILLISECOND = 0.0005


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def budgets(tmp_path: Path, clock: FakeClock) -> FileBudgets:
    return FileBudgets(tmp_path / "budgets", clock)


def spend(budget: Budget, purpose: Purpose, times: int) -> int:
    """How many of so many calls were within the budget."""
    done = 0
    for _ in range(times):
        try:
            budget.spend(purpose)
        except BrokerUnavailable:
            continue
        done += 1
    return done


def test_rule_41_entries_leave_calls_for_exits(budgets: FileBudgets) -> None:
    budget = budgets.of("fyers", RATES)

    assert spend(budget, Purpose.ENTER, 20) == 5
    assert spend(budget, Purpose.LOOK, 20) == 1
    assert spend(budget, Purpose.REDUCE, 20) == 2


def test_who_is_refused_is_told_when_to_come_again(budgets: FileBudgets, clock: FakeClock) -> None:
    budget = budgets.of("fyers", RATES)
    spend(budget, Purpose.ENTER, 5)
    clock.advance(0.75)

    with pytest.raises(BrokerUnavailable) as refused:
        budget.spend(Purpose.ENTER)

    assert refused.value.after == pytest.approx(0.25)
    clock.advance(0.25)
    budget.spend(Purpose.ENTER)


def test_the_longer_rate_holds_over_many_seconds(budgets: FileBudgets, clock: FakeClock) -> None:
    budget = budgets.of("fyers", RATES)
    done = 0
    for _ in range(10):
        done += spend(budget, Purpose.REDUCE, 4)
        clock.advance(2)

    assert done == 20


def test_accounts_have_budgets_of_their_own(budgets: FileBudgets) -> None:
    spend(budgets.of("one", RATES), Purpose.REDUCE, 8)

    assert spend(budgets.of("two", RATES), Purpose.REDUCE, 9) == 8


def test_threads_share_a_budget(budgets: FileBudgets) -> None:
    budget = budgets.of("fyers", (Rate(100, 1),))
    done: list[int] = []
    threads = [
        threading.Thread(target=lambda: done.append(spend(budget, Purpose.REDUCE, 30)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sum(done) == 100


def test_processes_share_a_budget(tmp_path: Path) -> None:
    code = """
import sys
from pathlib import Path
from app.adapters.budget import FileBudgets
from app.domain.rates import Purpose, Rate
from tests.fakes.clock import FakeClock
from tests.unit.adapters.test_budget import spend
budget = FileBudgets(Path(sys.argv[1]), FakeClock()).of("fyers", (Rate(100, 1),))
print(spend(budget, Purpose.REDUCE, 60))
"""
    started = [
        subprocess.Popen(  # noqa: S603  # our own code
            [sys.executable, "-c", code, tmp_path], stdout=subprocess.PIPE, text=True
        )
        for _ in range(3)
    ]

    assert sum(int(each.communicate(timeout=60)[0]) for each in started) == 100


def test_a_process_that_froze_holds_back_entries_and_no_exit(
    budgets: FileBudgets, tmp_path: Path
) -> None:
    budget = budgets.of("fyers", RATES)
    budget.spend(Purpose.LOOK)
    frozen = os.open(tmp_path / "budgets" / "fyers.calls", os.O_RDWR)
    fcntl.flock(frozen, fcntl.LOCK_EX)

    assert spend(budget, Purpose.ENTER, 1) == 0
    assert spend(budget, Purpose.REDUCE, 1) == 1
    os.close(frozen)
    assert spend(budget, Purpose.ENTER, 1) == 1


def test_what_cannot_be_counted_holds_back_entries_and_no_exit(tmp_path: Path) -> None:
    (tmp_path / "budgets").write_text("no folder")
    budget = FileBudgets(tmp_path / "budgets", FakeClock()).of("fyers", RATES)

    assert (spend(budget, Purpose.ENTER, 1), spend(budget, Purpose.REDUCE, 1)) == (0, 1)


def test_a_file_of_another_size_begins_anew(budgets: FileBudgets) -> None:
    spend(budgets.of("fyers", (Rate(3, 1),)), Purpose.REDUCE, 3)

    assert spend(budgets.of("fyers", RATES), Purpose.REDUCE, 9) == 8


def test_counting_a_call_costs_well_under_a_millisecond(budgets: FileBudgets) -> None:
    budget = budgets.of("fyers", (Rate(8, 1), Rate(160, 60)))
    times: list[float] = []
    for _ in range(200):
        began = time.perf_counter()
        spend(budget, Purpose.LOOK, 1)
        times.append(time.perf_counter() - began)

    assert min(times) < WELL_UNDER_A_MILLISECOND
