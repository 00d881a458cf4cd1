"""What a notification says: what, why, what to do; of many events how many."""

from datetime import timedelta
from decimal import Decimal

import pytest

from app.domain.events import ABOUT, Event, EventKind
from app.domain.letters import LONGEST_WHY, SHOWN, Digest, Letter
from tests.fakes.clock import START

DENIED = Event(
    kind=EventKind.FINISHED,
    at=START,
    alert_id="01ALERT",
    account="paper",
    symbol="AAPL",
    problem=True,
    facts={"status": "denied", "reason": "TOO_SMALL", "detail": "0.4 of 1", "quantity": None},
)
REJECTED = Event(
    kind=EventKind.REJECTED,
    at=START,
    alert_id="01ALERT",
    account="paper",
    symbol="AAPL",
    problem=True,
    facts={"role": "entry", "side": "buy", "quantity": "10.0", "reason": "margin"},
)
UNPROTECTED = Event(
    kind=EventKind.UNPROTECTED,
    at=START,
    alert_id="02ALERT",
    account="alpaca",
    symbol="MSFT",
    problem=True,
    facts={"role": "stop_loss", "side": "sell", "quantity": Decimal("5.00"), "stop_price": "98.50"},
)


def letter_of(*events: Event) -> Letter:
    digest = Digest()
    for event in events:
        digest.add(event)
    return digest.letter(lambda _: "buy 10")


def test_one_event_says_what_and_why_and_what_to_do() -> None:
    letter = letter_of(DENIED)
    assert letter.title == "Denied: buy 10 AAPL on paper"
    assert letter.text.splitlines() == [
        "TOO_SMALL: 0.4 of 1",
        "See TOO_SMALL in docs/errors.md",
        "2026-11-20 15:30:00 UTC, alert 01ALERT",
    ]
    assert letter.events == 1


def test_an_order_is_named_by_its_own_side_and_quantity() -> None:
    letter = letter_of(UNPROTECTED)
    assert letter.title == "UNPROTECTED: sell 5 MSFT on alpaca"
    assert letter.text.startswith("stop price 98.5\nLook at the position at your broker now")


def test_an_event_of_no_alert_says_its_facts() -> None:
    facts = {"reason": "by hand", "canceled": 2}
    letter = letter_of(Event(kind=EventKind.KILL_SWITCH_SET, at=START, problem=True, facts=facts))
    assert letter.title == "Kill switch set"
    assert letter.text.startswith("by hand; canceled 2\n")


def test_the_end_of_an_alert_tells_of_its_rejected_order_too() -> None:
    ended = Event(
        kind=EventKind.FINISHED,
        at=START,
        alert_id="01ALERT",
        account="paper",
        symbol="AAPL",
        problem=True,
        facts={"status": "rejected", "reason": "BROKER_REJECTED", "detail": "margin"},
    )
    letter = letter_of(REJECTED, ended)
    assert letter.title == "Rejected: buy 10 AAPL on paper"
    assert letter.events == 2


def test_a_rejected_order_whose_alert_goes_on_is_told() -> None:
    assert letter_of(REJECTED).title == "Order rejected: buy 10 AAPL on paper"


def test_a_flood_is_one_letter_that_counts() -> None:
    later = [
        Event(
            kind=DENIED.kind,
            at=START + timedelta(seconds=n),
            alert_id=f"A{n}",
            symbol="AAPL",
            problem=True,
            facts=DENIED.facts,
        )
        for n in range(1000)
    ]
    letter = letter_of(*later, UNPROTECTED)
    lines = letter.text.splitlines()
    assert letter.title == "1001 events: 1000 denied, 1 unprotected"
    assert "UNPROTECTED: sell 5 MSFT on alpaca" in lines[0]
    assert len(lines) == SHOWN + 1
    assert lines[-1] == f"and {1001 - SHOWN} more: {1001 - SHOWN} denied"
    assert letter.events == 1001


def test_two_events_have_a_line_each() -> None:
    letter = letter_of(DENIED, UNPROTECTED)
    assert letter.title == "2 events: 1 denied, 1 unprotected"
    assert len(letter.text.splitlines()) == 2


def test_a_link_is_never_cut() -> None:
    link = f"https://broker.example/login?state={'x' * 400}"
    event = Event(
        kind=EventKind.BACKUP_FAILED,
        at=START,
        problem=True,
        facts={"why": "y" * 400, "url": link},
    )
    assert link in letter_of(event).text.splitlines()
    assert link in letter_of(event, UNPROTECTED).text


def test_a_list_of_findings_is_said_without_brackets() -> None:
    facts = {"why": [{"line": 3, "why": "no size"}, {"line": 7, "why": "no symbol"}]}
    letter = letter_of(Event(kind=EventKind.BACKUP_FAILED, at=START, problem=True, facts=facts))
    assert letter.text.startswith("line 3 why no size, line 7 why no symbol\n")


def test_a_long_reason_is_cut() -> None:
    facts = {"reason": "x", "detail": "y" * 5000}
    letter = letter_of(Event(kind=EventKind.LANE_BLOCKED, at=START, problem=True, facts=facts))
    assert len(letter.text) < LONGEST_WHY + 200


def test_a_letter_of_many_fits_into_the_message_of_a_messenger() -> None:
    facts = {"reason": "x", "detail": "y" * 5000}
    events = [Event(kind=kind, at=START, problem=True, facts=facts) for kind in EventKind] * 3
    assert len(letter_of(*events).text) < 4000


@pytest.mark.parametrize("kind", EventKind)
def test_every_kind_has_words(kind: EventKind) -> None:
    letter = letter_of(Event(kind=kind, at=START, problem=True))
    assert letter.title == ABOUT[kind].title
    assert "None" not in letter.text
