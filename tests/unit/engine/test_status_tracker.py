"""The playbook's row tells how its last order stands, in the seed's words."""

from collections.abc import Sequence
from datetime import datetime

import pytest

from app.domain.errors import JournalError
from app.domain.order import OrderRole, OrderStatus
from app.domain.outcome import AlertStatus, Outcome
from app.domain.strategy import Strategy
from app.engine.status_tracker import StatusTracker, status_word
from app.ports.journal import OrderRecord
from tests.builders import a_job, an_alert, an_order
from tests.fakes.clock import START, FakeClock

S, A = OrderStatus, AlertStatus
FILLED_ENTRY = an_order(S.FILLED, 10)
Note = tuple[str, str, str, datetime]


class FakePlaybook:
    """A playbook that remembers the statuses it was told, or cannot be written."""

    def __init__(self, *, broken: bool = False) -> None:
        self.notes: list[Note] = []
        self.broken = broken

    def find(self, symbol: str, timeframe: str | None) -> Strategy | None:
        return None

    def rows(self) -> Sequence[Strategy]:
        return []

    def put(self, row: Strategy) -> None:
        raise NotImplementedError

    def put_all(self, rows: Sequence[Strategy]) -> None:
        raise NotImplementedError

    def delete(self, symbol: str, timeframe: str) -> bool:
        return False

    def set_status(self, symbol: str, timeframe: str, status: str, at: datetime) -> None:
        if self.broken:
            raise JournalError("the database is locked")
        self.notes.append((symbol, timeframe, status, at))


@pytest.mark.parametrize(
    ("status", "order", "word"),
    [
        (A.SUCCESS, FILLED_ENTRY, "FILLED"),
        (A.SUCCESS, an_order(S.FILLED, 10, role=OrderRole.EXIT), "WAITING"),
        (A.SUCCESS, an_order(S.LIVE), "ORDER SUBMITTED"),
        (A.SUCCESS, an_order(S.PARTIALLY_FILLED, 4), "PARTIAL FILL"),
        (A.SUCCESS, an_order(S.CANCELED, 4), "PARTIAL FILL"),
        (A.SUCCESS, None, None),
        (A.INFO, None, None),
        (A.DENIED, None, "FAILED"),
        (A.REJECTED, an_order(S.REJECTED), "FAILED"),
        (A.EXPIRED, None, "FAILED"),
        (A.FAILED, None, "FAILED"),
    ],
)
def test_each_outcome_has_its_word(
    status: AlertStatus, order: OrderRecord | None, word: str | None
) -> None:
    assert status_word(Outcome(status=status), order) == word


@pytest.mark.parametrize(
    ("reason", "word"),
    [
        ("ALREADY_LONG", "ALREADY LONG"),
        ("ALREADY_SHORT", "ALREADY SHORT"),
        ("INACTIVE", "INACTIVE"),
    ],
)
def test_a_skipped_alert_says_why_in_the_words_of_the_sheet(reason: str, word: str) -> None:
    assert status_word(Outcome(status=A.SKIPPED, reason=reason), None) == word


@pytest.mark.parametrize(("timeframe", "key"), [("15m", "15m"), (None, "")])
def test_the_word_goes_to_the_row_of_the_alert_with_the_time(
    timeframe: str | None, key: str
) -> None:
    playbook = FakePlaybook()
    job = a_job(alert=an_alert(timeframe=timeframe))
    StatusTracker(playbook, FakeClock()).note(job, Outcome(status=A.SUCCESS), FILLED_ENTRY)
    assert playbook.notes == [("AAPL", key, "FILLED", START)]


def test_an_outcome_without_a_word_leaves_the_row_as_it_is() -> None:
    playbook = FakePlaybook()
    StatusTracker(playbook, FakeClock()).note(a_job(), Outcome(status=A.INFO), None)
    assert playbook.notes == []


def test_a_row_that_cannot_be_written_is_logged_and_fails_no_order(
    caplog: pytest.LogCaptureFixture,
) -> None:
    tracker = StatusTracker(FakePlaybook(broken=True), FakeClock())
    tracker.note(a_job(), Outcome(status=A.SUCCESS), FILLED_ENTRY)
    assert len(caplog.records) == 1
