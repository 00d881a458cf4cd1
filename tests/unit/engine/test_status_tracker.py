"""The playbook's row tells how its last order stands, in the seed's words."""

import pytest

from app.domain.order import OrderRole, OrderStatus
from app.domain.outcome import AlertStatus, Outcome
from app.domain.row_word import most_telling
from app.engine.status_tracker import word_of_order, word_of_outcome
from tests.builders import an_order

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
