"""Of those who want to read the same, one asks, and the others have what came of it."""

import threading
from collections.abc import Sequence

import pytest

from app.adapters.brokers.fyers.turns import Turns
from app.domain.errors import BrokerError, BrokerUnavailable
from tests.e2e.processes import until

MANY = 4


class Read:
    """Something that many read at once: it comes, or fails, once all have asked for it."""

    def __init__(self, trouble: BrokerError | None = None) -> None:
        self.trouble = trouble
        self.turns = Turns()
        self.asked: list[str] = []
        self.calls = 0
        self.found: list[str] = []
        self.failed: list[BrokerError] = []
        self._answer: str | None = None

    def known(self) -> str | None:
        self.asked.append("")
        return self._answer

    def ask(self) -> str:
        self.calls += 1
        until(lambda: len(self.asked) >= MANY, 10, "all have asked")
        if self.trouble is not None:
            raise self.trouble
        self._answer = "read"
        return self._answer

    def look(self) -> None:
        try:
            self.found.append(self.turns.take(self.known, self.ask))
        except BrokerError as error:
            self.failed.append(error)

    def by_many(self) -> Sequence[BrokerError]:
        threads = [threading.Thread(target=self.look) for _ in range(MANY)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(20)
        return self.failed


def test_one_reads_for_all_who_ask_meanwhile() -> None:
    read = Read()

    assert (read.by_many(), read.found, read.calls) == ([], ["read"] * MANY, 1)


def test_who_waits_for_an_answer_that_fails_does_not_wait_for_the_same_again() -> None:
    read = Read(BrokerUnavailable("no answer within 10 s"))

    assert [str(error) for error in read.by_many()] == ["no answer within 10 s"] * MANY
    assert read.calls == 1
    read.trouble = None
    read.look()
    assert read.found == ["read"]


@pytest.mark.parametrize("after", [0.0, 0.5])
def test_a_budget_that_is_spent_for_one_may_have_a_part_for_another(after: float) -> None:
    read = Read(BrokerUnavailable("the budget of calls is spent", after=after))

    assert len(read.by_many()) == read.calls == MANY
