"""The playbook's row tells how its last order stands, in the seed's words."""

from collections.abc import Sequence
from decimal import Decimal
from typing import cast

import pytest

from app.domain.order import Fill, OrderRole, OrderStatus
from app.domain.outcome import AlertStatus, Outcome
from app.domain.row_word import most_telling
from app.domain.stake import Stake
from app.engine.status_tracker import note_changes, note_outcome, word_of_order, word_of_outcome
from app.ports.journal import Changes, OrderRecord, Unit
from tests.builders import a_fill, an_order

S, A, EXIT = OrderStatus, AlertStatus, OrderRole.EXIT


@pytest.mark.parametrize(
    ("status", "filled", "role", "held", "word"),
    [
        (S.SUBMITTING, 0, OrderRole.ENTRY, False, None),
        (S.UNKNOWN, 0, OrderRole.ENTRY, False, None),
        (S.LIVE, 0, OrderRole.ENTRY, False, "ORDER SUBMITTED"),
        (S.PARTIALLY_FILLED, 4, OrderRole.ENTRY, True, "PARTIAL FILL"),
        (S.CANCELED, 4, OrderRole.ENTRY, True, "PARTIAL FILL"),
        (S.FILLED, 10, OrderRole.ENTRY, True, "FILLED"),
        (S.FILLED, 10, OrderRole.ENTRY, False, "WAITING"),
        (S.REJECTED, 0, OrderRole.ENTRY, False, "FAILED"),
        (S.EXPIRED, 0, OrderRole.ENTRY, False, "FAILED"),
        (S.CANCELED, 0, OrderRole.ENTRY, False, "WAITING"),
        (S.CANCELED, 0, OrderRole.ENTRY, True, "FILLED"),
        (S.LIVE, 0, EXIT, True, "ORDER SUBMITTED"),
        (S.PARTIALLY_FILLED, 4, EXIT, True, "PARTIAL FILL"),
        (S.FILLED, 10, EXIT, True, "FILLED"),
        (S.FILLED, 10, EXIT, False, "WAITING"),
    ],
)
def test_an_order_has_its_word(  # the columns of the table
    status: OrderStatus, filled: int, role: OrderRole, *, held: bool, word: str | None
) -> None:
    assert word_of_order(an_order(status, filled, role=role), held=held) == word


@pytest.mark.parametrize(
    ("status", "reason", "word"),
    [
        (A.SKIPPED, "ALREADY_LONG", "ALREADY LONG"),
        (A.SKIPPED, "ALREADY_SHORT", "ALREADY SHORT"),
        (A.SKIPPED, "INACTIVE", "INACTIVE"),
        (A.SUCCESS, "", None),
        (A.INFO, "NO_POSITION", None),
        (A.DENIED, "NO_SIZE", "FAILED"),
        (A.REJECTED, "BROKER_REJECTED", "FAILED"),
        (A.EXPIRED, "STALE", "FAILED"),
        (A.FAILED, "INTERNAL_ERROR", "FAILED"),
    ],
)
def test_an_alert_that_made_no_order_has_its_word(
    status: AlertStatus, reason: str, word: str | None
) -> None:
    assert word_of_outcome(Outcome(status=status, reason=reason)) == word


@pytest.mark.parametrize(
    ("words", "word"),
    [
        ((), "READY"),
        (("WAITING", "WAITING"), "WAITING"),
        (("WAITING", "FILLED"), "FILLED"),
        (("FILLED", "ORDER SUBMITTED"), "ORDER SUBMITTED"),
        (("ORDER SUBMITTED", "PARTIAL FILL"), "PARTIAL FILL"),
        (("FILLED", "FAILED"), "FAILED"),
        (("ALREADY LONG", "WAITING"), "ALREADY LONG"),
        (("ALREADY LONG", "FILLED"), "FILLED"),
    ],
)
def test_of_several_accounts_a_row_shows_the_most_telling_word(
    words: tuple[str, ...], word: str
) -> None:
    assert most_telling(words) == word


# --- what is written -----------------------------------------------------------------------------


class Notes:
    """A unit that remembers the words it was told."""

    def __init__(self, **held: int) -> None:
        self.held = held
        self.words: list[tuple[int, str, bool]] = []

    def stakes(self, account: str, instrument: str) -> Sequence[Stake]:
        assert (account, instrument) == ("paper", "AAPL")
        return [
            Stake(account=account, instrument=instrument, strategy=name, quantity=Decimal(quantity))
            for name, quantity in self.held.items()
        ]

    def note_word(self, job_id: int, word: str, *, by_order: bool) -> None:
        self.words.append((job_id, word, by_order))


def told(
    order: OrderRecord, before: OrderStatus, *fills: Fill, **held: int
) -> list[tuple[int, str, bool]]:
    """What a change of an order tells in its row."""
    unit = Notes(**held)
    note_changes(cast("Unit", unit), [Changes(order, fills, before)])
    return unit.words


def test_a_change_of_an_order_is_told_in_the_row_of_its_job() -> None:
    order = an_order(S.FILLED, 10, job_id=7, strategy="a")
    assert told(order, S.LIVE, a_fill(), a=10) == [(7, "FILLED", True)]
    assert told(an_order(S.LIVE), S.SUBMITTING) == [(1, "ORDER SUBMITTED", True)]


def test_more_fills_are_told_though_the_status_stays() -> None:
    order = an_order(S.PARTIALLY_FILLED, 4, strategy="a")
    assert told(order, S.PARTIALLY_FILLED, a_fill(), a=4) == [(1, "PARTIAL FILL", True)]


def test_a_position_of_another_strategy_is_not_the_orders() -> None:
    order = an_order(S.FILLED, 10, strategy="a", role=EXIT)
    assert told(order, S.LIVE, a_fill(), a=0, b=5) == [(1, "WAITING", True)]


def test_what_is_no_news_and_what_a_leg_does_is_not_told_and_what_comes_after_is() -> None:
    unit = Notes()
    quiet = [
        Changes(an_order(S.LIVE), (), S.LIVE),
        Changes(an_order(S.FILLED, 10, role=OrderRole.STOP_LOSS), (a_fill(),), S.LIVE),
        Changes(an_order(S.UNKNOWN), (), S.SUBMITTING),
    ]
    note_changes(cast("Unit", unit), quiet)
    assert unit.words == []
    note_changes(cast("Unit", unit), [*quiet, Changes(an_order(S.REJECTED), (), S.LIVE)])
    assert unit.words == [(1, "FAILED", True)]


def test_the_end_of_an_alert_is_told_unless_its_orders_have() -> None:
    unit = Notes()
    note_outcome(cast("Unit", unit), 7, Outcome(status=A.SUCCESS))
    note_outcome(cast("Unit", unit), 7, Outcome(status=A.DENIED))
    assert unit.words == [(7, "FAILED", False)]
