"""Rule 40: what an error answer of Alpaca means, by the code in its body."""

import json
from typing import Any

import pytest

from app.adapters.brokers.alpaca.refusals import DuplicateId, error_of, is_absent
from app.domain.errors import (
    BrokerError,
    BrokerLoginNeeded,
    BrokerRejected,
    BrokerUnavailable,
    OutcomeUnknown,
)
from app.domain.rejection import Rejection

HTML = "<html><body><h1>502 Bad Gateway</h1></body></html>"


def body(code: int | None, message: str, **facts: Any) -> str:
    return json.dumps(({} if code is None else {"code": code}) | {"message": message} | facts)


MEANT = {
    "wrong key": (401, body(40110000, "request is not authorized"), BrokerLoginNeeded),
    "wrong secret": (403, body(None, "forbidden."), BrokerLoginNeeded),
    "a login page": (401, HTML, BrokerLoginNeeded),
    "a refusal": (403, body(40310000, "insufficient buying power"), BrokerRejected),
    "a refusal without a code": (400, body(None, "only one of qty or notional"), BrokerRejected),
    "a refusal without words": (422, '{"code": 42210000}', BrokerRejected),
    "an id again": (422, body(40010001, "client_order_id must be unique"), DuplicateId),
    "an id again, said so": (422, body(40010001, "client order id must be unique"), DuplicateId),
    "too many": (429, body(None, "too many requests."), BrokerUnavailable),
    "too many, by its code": (400, body(42910000, "rate limit exceeded"), BrokerUnavailable),
    "too many, from a proxy": (429, HTML, BrokerUnavailable),
    "a fault": (500, body(50010000, "internal server error"), OutcomeUnknown),
    "a fault, said to be none": (400, body(50010000, "internal server error"), OutcomeUnknown),
    "a proxy's page": (502, HTML, OutcomeUnknown),
    "a firewall's page": (403, HTML, OutcomeUnknown),
    "a gateway's time-out": (504, body(None, "upstream timed out"), OutcomeUnknown),
    "a request's time-out": (408, body(None, "too slow"), OutcomeUnknown),
    "nothing": (400, "", OutcomeUnknown),
    "a cut body": (422, '{"code": 42210000, "mess', OutcomeUnknown),
    "a list": (422, "[]", OutcomeUnknown),
}


@pytest.mark.parametrize(("status", "text", "kind"), MEANT.values(), ids=MEANT)
def test_rule_40_an_answer_to_a_write_is_classified_by_its_code(
    status: int, text: str, kind: type[BrokerError]
) -> None:
    assert type(error_of(status, text, writes=True)) is kind


@pytest.mark.parametrize(
    "name", [name for name, case in MEANT.items() if case[2] is OutcomeUnknown]
)
def test_a_read_that_came_to_nothing_left_nothing_behind(name: str) -> None:
    status, text, _ = MEANT[name]
    assert type(error_of(status, text, writes=False)) is BrokerUnavailable


REASONS = {
    "insufficient buying power": Rejection.INSUFFICIENT_BUYING_POWER,
    "insufficient balance for USD (requested: 10, available: 1)": (
        Rejection.INSUFFICIENT_BUYING_POWER
    ),
    "insufficient balance for BTC (requested: 1, available: 0.5)": Rejection.QUANTITY_HELD,
    "insufficient qty available for order (requested: 16, available: 0)": Rejection.QUANTITY_HELD,
    "potential wash trade detected. use complex orders": Rejection.WASH_TRADE,
    "cannot open a long buy while a short sell order is open": Rejection.OPPOSITE_ORDER,
    "new orders are rejected by user request": Rejection.ACCOUNT_RESTRICTED,
    "us_equity orders not allowed for account": Rejection.ACCOUNT_RESTRICTED,
    "crypto orders not allowed for account": Rejection.ACCOUNT_RESTRICTED,
    "account is not allowed to short": Rejection.NOT_SHORTABLE,
    'asset "GME" cannot be sold short': Rejection.NOT_SHORTABLE,
    "fractional orders cannot be sold short": Rejection.FRACTION_REFUSED,
    "fractional orders must be DAY orders": Rejection.FRACTION_REFUSED,
    'asset "BRK.A" is not fractionable': Rejection.FRACTION_REFUSED,
    "invalid limit_price 290.123. sub-penny increment does not fulfill minimum pricing criteria": (
        Rejection.INVALID_PRICE
    ),
    "stop_loss.stop_price must be <= base_price - 0.01": Rejection.INVALID_PRICE,
    "take_profit.limit_price must be > stop_loss.stop_price": Rejection.INVALID_PRICE,
    "qty must be > 0": Rejection.INVALID_QUANTITY,
    "cost basis must be >= minimal amount of order 10": Rejection.INVALID_QUANTITY,
    "crypto orders not allowed for advanced order_class: otoco": Rejection.UNSUPPORTED_ORDER,
    "invalid crypto time_in_force": Rejection.UNSUPPORTED_ORDER,
    "extended hours order must be DAY limit orders": Rejection.UNSUPPORTED_ORDER,
    'asset "XYZ" is not active': Rejection.NOT_TRADABLE,
    "asset not found for XYZ": Rejection.NOT_TRADABLE,
    "market is closed": Rejection.MARKET_CLOSED,
    "order is not cancelable": Rejection.NOT_CANCELABLE,
    "unable to replace order in status filled": Rejection.NOT_CANCELABLE,
}


@pytest.mark.parametrize(("message", "reason"), REASONS.items(), ids=REASONS)
def test_each_refusal_has_a_reason_of_its_own(message: str, reason: Rejection) -> None:
    error = error_of(403, body(40310000, message), writes=True)

    assert isinstance(error, BrokerRejected)
    assert (error.reason, str(error)) == (reason, message)


def test_words_that_nobody_knows_are_a_refusal_all_the_same() -> None:
    error = error_of(422, body(42210000, "the moon is in the wrong house"), writes=True)

    assert isinstance(error, BrokerRejected)
    assert error.reason == BrokerRejected.code


def test_the_day_trade_rule_has_a_code_of_its_own() -> None:
    error = error_of(403, body(40310100, "trade denied"), writes=True)

    assert isinstance(error, BrokerRejected)
    assert error.reason == Rejection.DAY_TRADE_RULE


def test_where_nothing_is_held_nothing_is_held_back() -> None:
    text = body(40310000, "insufficient qty available for order", existing_qty="0")
    error = error_of(403, text, writes=True)

    assert isinstance(error, BrokerRejected)
    assert error.reason == Rejection.NO_POSITION


@pytest.mark.parametrize(
    ("status", "text", "absent"),
    [
        (404, body(40410000, "order not found for X"), True),
        (404, body(None, "page not found"), False),
        (404, HTML, False),
        (500, body(40410000, "order not found for X"), False),
    ],
)
def test_only_the_brokers_own_word_says_that_something_is_not_there(
    status: int, text: str, absent: bool
) -> None:
    assert is_absent(status, text) is absent
