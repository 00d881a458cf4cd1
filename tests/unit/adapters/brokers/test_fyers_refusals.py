"""What codes and words of Fyers mean: one table."""

import csv
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.adapters.brokers.fyers.refusals import error_of, reason_of
from app.domain.errors import (
    BrokerError,
    BrokerLoginNeeded,
    BrokerRejected,
    BrokerUnavailable,
    OutcomeUnknown,
)
from app.domain.rejection import Rejection

OFFICIAL = Path(__file__).parents[3] / "data" / "fyers" / "error_codes.csv"
UNCLEAR = (-96, -201, -202, -204, -205, -329)


def answer(
    status: int, code: int | None, message: str = "no", s: str = "error"
) -> BrokerError | None:
    body = {"s": s, "message": message} | ({} if code is None else {"code": code})
    return error_of(status, json.dumps(body), writes=True)


def official_codes() -> list[int]:
    with OFFICIAL.open(newline="") as file:
        codes = {row[0] for row in csv.reader(file) if row}
    return sorted(int(code) for code in codes if code.lstrip("-").isdigit())


@pytest.mark.parametrize(
    ("status", "code", "meant"),
    [
        (400, -99, BrokerRejected),
        (400, -50, BrokerRejected),
        (400, -300, BrokerRejected),
        (403, -373, BrokerRejected),
        (200, -99, BrokerRejected),
        (200, 201, OutcomeUnknown),
        (400, -202, OutcomeUnknown),
        (400, -203, OutcomeUnknown),
        (500, -99, OutcomeUnknown),
        (502, None, OutcomeUnknown),
        (429, -429, BrokerUnavailable),
        (200, -353, BrokerUnavailable),
        (429, None, BrokerUnavailable),
        (401, -8, BrokerLoginNeeded),
        (200, -15, BrokerLoginNeeded),
        (403, -16, BrokerLoginNeeded),
        (400, -17, BrokerLoginNeeded),
        (401, None, BrokerLoginNeeded),
    ],
)
def test_rule_40_the_code_tells_what_became_of_it(
    status: int, code: int | None, meant: type[BrokerError]
) -> None:
    assert type(answer(status, code)) is meant


@pytest.mark.parametrize("code", [200, 1101, 1102, 1103])
def test_what_is_fine_is_no_error(code: int) -> None:
    assert answer(200, code, "done", "ok") is None


def test_an_answer_without_a_code_is_fine_when_it_says_so() -> None:
    assert error_of(200, json.dumps({"s": "ok", "d": []}), writes=False) is None


@pytest.mark.parametrize("text", ["", "<html>", "[]", "null", '{"id": 1}', '"ok"'])
@pytest.mark.parametrize("status", [200, 404, 502])
def test_what_is_not_an_answer_of_fyers_says_nothing(status: int, text: str) -> None:
    assert isinstance(error_of(status, text, writes=True), OutcomeUnknown)
    assert isinstance(error_of(status, text, writes=False), BrokerUnavailable)


@pytest.mark.parametrize("code", official_codes())
def test_every_code_of_the_official_list_has_a_meaning(code: int) -> None:
    meant = OutcomeUnknown if code in UNCLEAR else (BrokerRejected, BrokerUnavailable)

    assert isinstance(answer(400, code), meant)


@pytest.mark.parametrize("code", [-51, -159, -161, -162, -164, -399])
def test_what_is_over_cannot_be_canceled(code: int) -> None:
    refused = answer(400, code)
    assert isinstance(refused, BrokerRejected)
    assert refused.reason == Rejection.NOT_CANCELABLE


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ("RED:Margin Shortfall[12.5]", Rejection.INSUFFICIENT_BUYING_POWER),
        ("RED:Insufficient funds", Rejection.INSUFFICIENT_BUYING_POWER),
        ("RED:Authorise your holdings (CDSL TPIN, EDIS) before you sell", Rejection.NEEDS_EDIS),
        ("Please authorize holdings to sell", Rejection.NEEDS_EDIS),
        ("Order placed from an IP that is not whitelisted", Rejection.IP_NOT_ALLOWED),
        ("Static IP mismatch", Rejection.IP_NOT_ALLOWED),
        ("RED:Holdings are not sufficient to sell", Rejection.QUANTITY_HELD),
        ("RED:Check holdings, no holdings available", Rejection.QUANTITY_HELD),
        ("RED:Quantity exceeds the freeze quantity of 1800", Rejection.INVALID_QUANTITY),
        ("The price is out of the circuit limits", Rejection.INVALID_PRICE),
        ("Price should be in multiples of tick size.", Rejection.INVALID_PRICE),
        ("RED:Market is closed. Please place an AMO order", Rejection.MARKET_CLOSED),
        ("Short selling is not allowed in trade to trade", Rejection.NOT_SHORTABLE),
        ("Market orders without market protection are not allowed", Rejection.UNSUPPORTED_ORDER),
        ("Please provide a valid symbol", Rejection.NOT_TRADABLE),
        ("Self trade prevention", Rejection.WASH_TRADE),
        ("User is blocked", Rejection.ACCOUNT_RESTRICTED),
        ("something else", None),
    ],
)
def test_words_of_the_risk_check_have_a_stable_reason(words: str, reason: Rejection | None) -> None:
    assert reason_of(words, -99) == reason


def test_a_code_is_plainer_than_its_words() -> None:
    assert reason_of("Please provide a valid order quantity", -310) == Rejection.INVALID_QUANTITY
    assert reason_of("no", -392) == Rejection.INVALID_PRICE


@given(st.integers(100, 599), st.text(max_size=80))
def test_nothing_that_comes_back_is_taken_for_done(status: int, text: str) -> None:
    assert error_of(status, text, writes=True) is not None
