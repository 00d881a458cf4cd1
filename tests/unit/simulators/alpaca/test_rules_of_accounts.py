"""contracts.md A.3: keys, flags of the account, how often one may ask."""

from typing import Any

import pytest

from tests.fakes.clock import FakeClock
from tests.simulators.alpaca import AlpacaSimulator, an_account
from tests.unit.simulators.alpaca.desk import Desk, refusal_of


@pytest.mark.parametrize(
    ("key", "secret", "told"),
    [
        (
            "PKNOBODY",
            "x",
            {"status": 401, "code": 40110000, "message": "request is not authorized"},
        ),
        ("", "wrong", {"status": 403, "message": "forbidden."}),
    ],
)
def test_unknown_keys_get_nothing(
    alpaca: AlpacaSimulator, key: str, secret: str, told: dict[str, Any]
) -> None:
    stranger = Desk(alpaca, key, secret)
    assert refusal_of(stranger.account) == told
    stranger.close()


@pytest.mark.parametrize(
    ("flags", "terms", "refusal"),
    [
        (
            {"trade_suspended_by_user": True},
            {},
            (403, 40310000, "new orders are rejected by user request"),
        ),
        ({"trading_blocked": True}, {}, (403, 40310000, "account is restricted from trading")),
        ({"account_blocked": True}, {}, (403, 40310000, "account is restricted from trading")),
        (
            {"equities_allowed": False},
            {},
            (422, 40010001, "us_equity orders not allowed for account"),
        ),
        (
            {"crypto_status": "INACTIVE"},
            {"symbol": "BTC/USD", "qty": "0.1", "time_in_force": "gtc"},
            (422, 40010001, "crypto orders not allowed for account"),
        ),
        (
            {"shorting_enabled": False},
            {"side": "sell"},
            (403, 40310000, "account is not allowed to short"),
        ),
        ({"multiplier": 1}, {"side": "sell"}, (403, 40310000, "account is not allowed to short")),
    ],
)
def test_flags_of_the_account_forbid_orders(
    alpaca: AlpacaSimulator,
    desk: Desk,
    flags: dict[str, Any],
    terms: dict[str, Any],
    refusal: tuple[int, int, str],
) -> None:
    alpaca.account(**flags)
    told = desk.refusal(**terms)
    assert (told["status"], told["code"], told["message"]) == refusal


def test_exits_are_refused_too_while_the_user_suspended_trading(
    alpaca: AlpacaSimulator, desk: Desk
) -> None:
    desk.order()
    alpaca.account(trade_suspended_by_user=True)
    assert desk.refusal(side="sell")["status"] == 403
    assert desk.account()["trade_suspended_by_user"] is True


def test_more_than_so_many_requests_a_minute_are_too_many(
    alpaca: AlpacaSimulator, clock: FakeClock, desk: Desk
) -> None:
    alpaca.rules(rate_limit=3)
    for _ in range(3):
        desk.account()
    assert refusal_of(desk.account) == {"status": 429, "message": "too many requests."}
    clock.advance(60)
    assert desk.account()["status"] == "ACTIVE"


def test_each_answer_tells_what_is_left_of_the_minute(alpaca: AlpacaSimulator, desk: Desk) -> None:
    session = desk.client._session  # noqa: SLF001 (the client keeps the headers to itself)
    headers = {"APCA-API-KEY-ID": alpaca.key, "APCA-API-SECRET-KEY": alpaca.secret}
    for left in ("199", "198"):
        answer = session.get(f"{alpaca.trading_url}/v2/clock", headers=headers)
        assert answer.headers["X-RateLimit-Limit"] == "200"
        assert answer.headers["X-RateLimit-Remaining"] == left
        assert int(answer.headers["X-RateLimit-Reset"]) % 60 == 0


def test_accounts_know_nothing_of_each_other(clock: FakeClock) -> None:
    both = [an_account("ONE", "x"), an_account("TWO", "x", start=500)]
    with AlpacaSimulator(clock=clock, accounts=both) as alpaca:
        one, two = Desk(alpaca, "ONE", "x"), Desk(alpaca, "TWO", "x")
        placed = one.order(client_order_id="same")
        assert refusal_of(lambda: two.look(placed))["status"] == 404
        assert two.order(qty="1", client_order_id="same")["status"] == "pending_new"
        assert (one.position()["qty"], two.position()["qty"]) == ("10", "1")
        one.close()
        two.close()
