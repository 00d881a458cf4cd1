"""How a walk's end becomes the alert's final word, and what the owner hears of it."""

from decimal import Decimal
from typing import Any

import pytest

from app.domain.decision import (
    Denial,
    Denied,
    Expired,
    Lapse,
    Note,
    Noted,
    Refusal,
    Skip,
    Skipped,
)
from app.domain.errors import BrokerRejected
from app.domain.events import EventKind
from app.domain.order import BrokerOrder, OrderRole, OrderStatus
from app.domain.outcome import AlertStatus, Outcome
from app.engine.endings import finished, naked, outcome_of
from app.engine.walk import Ending
from app.ports.journal import OrderRecord
from tests.builders import ALERT_ID, ENTRY_ID, a_job, an_answer, an_order
from tests.fakes.clock import START

D = Decimal
S, A = OrderStatus, AlertStatus


def ended(order: OrderRecord | None, **ending: Any) -> Outcome:
    """The final word when the walk came to its end with this order."""
    return outcome_of(Ending(**ending), order)


# --- the final word ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("refusal", "status"),
    [
        (Denied(Denial.NO_SIZE, "why"), A.DENIED),
        (Skipped(Skip.ALREADY_LONG, "why"), A.SKIPPED),
        (Noted(Note.NO_POSITION, "why"), A.INFO),
        (Expired(Lapse.STALE, "why"), A.EXPIRED),
    ],
)
def test_each_refusal_has_its_status_its_reason_and_its_detail(
    refusal: Refusal, status: AlertStatus
) -> None:
    expected = Outcome(status=status, reason=refusal.reason.value, detail="why")
    assert ended(None, refusal=refusal) == expected


def test_a_refusal_after_a_close_tells_of_the_close_first() -> None:
    refusal = Denied(Denial.LIMIT_QUANTITY, "too many")
    outcome = ended(an_order(S.FILLED, 10), refusal=refusal, detail="10 closed first")
    assert (outcome.status, outcome.detail) == (A.DENIED, "10 closed first; too many")


def test_a_walk_without_an_order_is_a_success() -> None:
    assert ended(None, detail="2 entries canceled") == Outcome(
        status=A.SUCCESS, detail="2 entries canceled"
    )


def test_a_filled_order_tells_its_quantity_its_amount_and_its_ids() -> None:
    assert ended(an_order(S.FILLED, 10), budget=D(999)) == Outcome(
        status=A.SUCCESS,
        quantity=D(10),
        amount=D(1000),
        broker_order_id="B1",
        client_order_id=ENTRY_ID,
    )


def test_the_amount_of_a_future_counts_its_multiplier() -> None:
    order = an_order(OrderStatus.FILLED, 10)
    assert outcome_of(Ending(multiplier=D(50)), order).amount == 50_000


@pytest.mark.parametrize(
    ("order", "detail", "quantity", "amount"),
    [
        (an_order(S.LIVE), "live at the broker", 10, 999),
        (an_order(S.PARTIALLY_FILLED, 4), "partially_filled at the broker", 10, 999),
        (an_order(S.CANCELED, 4), "canceled at the broker", 4, 400),
        (an_order(S.EXPIRED, 4), "expired at the broker", 4, 400),
        (an_order(S.REJECTED, 4), "rejected at the broker", 4, 400),
        (an_order(S.FILLED, 4, average_price=None), "", 4, 999),
        (an_order(S.FILLED, 4, average_price=None, limit_price=D(90)), "", 4, 360),
    ],
)
def test_an_order_that_rests_or_filled_in_part_is_a_success_of_what_it_is_worth(
    order: OrderRecord, detail: str, quantity: int, amount: int
) -> None:
    outcome = ended(order, budget=D(999))
    assert (outcome.status, outcome.detail) == (A.SUCCESS, detail)
    assert outcome.quantity == quantity
    assert outcome.amount == amount


def test_an_order_that_rests_after_a_close_tells_of_the_close_first() -> None:
    outcome = ended(an_order(S.LIVE), detail="10 closed first")
    assert outcome.detail == "10 closed first; live at the broker"


@pytest.mark.parametrize(
    ("reason", "status", "code", "detail"),
    [
        (
            "40310000: insufficient buying power",
            A.REJECTED,
            "40310000",
            "insufficient buying power",
        ),
        ("NO_QUOTE: 16 minutes old", A.DENIED, "NO_QUOTE", "16 minutes old"),
        ("NO_POSITION: nothing to close", A.INFO, "NO_POSITION", "nothing to close"),
        ("NOT_SHORTABLE: hard to borrow", A.REJECTED, "NOT_SHORTABLE", "hard to borrow"),
        ("no", A.REJECTED, "no", ""),
        ("", A.REJECTED, "BROKER_REJECTED", ""),
    ],
)
def test_a_rejection_has_the_brokers_code_and_words(
    reason: str, status: AlertStatus, code: str, detail: str
) -> None:
    outcome = ended(an_order(S.REJECTED, reason=reason))
    assert (outcome.status, outcome.reason, outcome.detail) == (status, code, detail)


def test_a_rejection_after_a_close_tells_of_the_close_first() -> None:
    order = an_order(S.REJECTED, reason=f"{BrokerRejected('no funds').reason}: no funds")
    outcome = ended(order, detail="10 closed first")
    assert (outcome.reason, outcome.detail) == ("BROKER_REJECTED", "10 closed first; no funds")
    assert outcome.client_order_id == ENTRY_ID
    assert BrokerRejected("no funds", code="40310000").reason == "40310000"


@pytest.mark.parametrize(
    ("order", "status", "reason"),
    [
        (an_order(S.CANCELED), A.REJECTED, "CANCELED"),
        (an_order(S.EXPIRED), A.REJECTED, "EXPIRED"),
        (an_order(S.CANCELED, reason="never_placed"), A.REJECTED, "NEVER_PLACED"),
        # what our own rules stopped before the wire, read back after a crash
        (an_order(S.CANCELED, reason="KILL_SWITCH"), A.DENIED, "KILL_SWITCH"),
        (an_order(S.CANCELED, reason="CANCELED_BY_EXIT"), A.DENIED, "CANCELED_BY_EXIT"),
        (an_order(S.CANCELED, reason="STALE"), A.EXPIRED, "STALE"),
        # what was for one moment only
        (an_order(S.CANCELED, reason="not_filled"), A.EXPIRED, "NOT_FILLED"),
    ],
)
def test_an_order_that_ended_without_a_fill_is_no_success(
    order: OrderRecord, status: AlertStatus, reason: str
) -> None:
    outcome = ended(order, detail="10 closed first")
    assert (outcome.status, outcome.reason) == (status, reason)
    assert outcome.detail == "10 closed first"
    assert (outcome.broker_order_id, outcome.client_order_id) == ("B1", ENTRY_ID)


@pytest.mark.parametrize("status", OrderStatus)
@pytest.mark.parametrize("filled", [0, 4])
def test_every_order_ends_in_a_final_word_and_what_is_no_success_has_a_reason(
    status: OrderStatus, filled: int
) -> None:
    outcome = ended(an_order(status, filled))
    assert outcome.status.final
    assert outcome.status is A.SUCCESS or outcome.reason


# --- a position without its stop -----------------------------------------------------------------


def a_stop(status: OrderStatus) -> BrokerOrder:
    return an_answer(status, client_order_id="STOP", stop_price=D(95))


def a_target(status: OrderStatus) -> BrokerOrder:
    return an_answer(status, client_order_id="TARGET", limit_price=D(110))


FILLED_ENTRY = an_order(S.FILLED, 10)


@pytest.mark.parametrize(
    ("legs", "entry", "alone"),
    [
        ([a_stop(S.LIVE)], FILLED_ENTRY, False),
        ([a_stop(S.PARTIALLY_FILLED)], FILLED_ENTRY, False),
        ([a_stop(S.REJECTED)], FILLED_ENTRY, True),
        ([a_stop(S.CANCELED)], FILLED_ENTRY, True),
        ([a_stop(S.NEW)], FILLED_ENTRY, True),
        ([a_stop(S.REJECTED), a_target(S.LIVE)], FILLED_ENTRY, True),
        ([a_stop(S.REJECTED)], an_order(S.PARTIALLY_FILLED, 4), True),
        ([a_stop(S.REJECTED)], an_order(S.PARTIALLY_FILLED, "0.01"), True),
        # nothing to protect: not filled, no stop asked for, closed already, no entry
        ([a_stop(S.NEW)], an_order(S.LIVE), False),
        ([a_target(S.REJECTED)], FILLED_ENTRY, False),
        ([], FILLED_ENTRY, False),
        ([a_stop(S.FILLED)], FILLED_ENTRY, False),
        ([a_stop(S.CANCELED), a_target(S.FILLED)], FILLED_ENTRY, False),
        ([a_stop(S.REJECTED)], an_order(S.FILLED, 10, role=OrderRole.EXIT), False),
        ([a_stop(S.REJECTED)], None, False),
    ],
)
def test_invariant_4_a_filled_entry_whose_stop_is_not_there_is_naked(
    legs: list[BrokerOrder], entry: OrderRecord | None, *, alone: bool
) -> None:
    assert naked(an_answer(S.FILLED, *legs), entry) is alone


# --- what the owner hears ------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "problem"),
    [
        (A.SUCCESS, False),
        (A.SKIPPED, False),
        (A.INFO, False),
        (A.DENIED, True),
        (A.REJECTED, True),
        (A.EXPIRED, True),
        (A.FAILED, True),
    ],
)
def test_what_did_not_trade_though_it_should_have_is_a_problem(
    status: AlertStatus, *, problem: bool
) -> None:
    assert finished(a_job(), Outcome(status=status), START).problem is problem


def test_the_last_event_names_the_alert_the_order_and_the_outcome() -> None:
    event = finished(a_job(), ended(an_order(S.FILLED, 10), detail="done"), START)
    assert (event.kind, event.at, event.alert_id) == (EventKind.FINISHED, START, ALERT_ID)
    assert (event.account, event.symbol, event.client_order_id) == ("paper", "AAPL", ENTRY_ID)
    assert event.facts == {"status": "success", "reason": "", "detail": "done", "quantity": 10}
