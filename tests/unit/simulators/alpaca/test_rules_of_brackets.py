"""contracts.md A.3: brackets, OCO and OTO."""

from typing import Any

import pytest

from tests.simulators.alpaca import AlpacaSimulator
from tests.unit.simulators.alpaca.desk import Desk, Shown, refusal_of

BRACKET: Shown = {
    "order_class": "bracket",
    "take_profit": {"limit_price": "200"},
    "stop_loss": {"stop_price": "180"},
}
SHORT_BRACKET: Shown = {
    "side": "sell",
    "order_class": "bracket",
    "take_profit": {"limit_price": "180"},
    "stop_loss": {"stop_price": "200"},
}
OCO: Shown = BRACKET | {"side": "sell", "type": "limit", "order_class": "oco"}


def legs_of(desk: Desk, order: Shown) -> dict[str, Shown]:
    """The legs as they are now, under the names of their types."""
    return {leg["type"]: desk.look(leg) for leg in order["legs"]}


def statuses(desk: Desk, order: Shown) -> dict[str, str]:
    return {kind: leg["status"] for kind, leg in legs_of(desk, order).items()}


@pytest.mark.parametrize(
    ("terms", "message"),
    [
        (BRACKET | {"time_in_force": "ioc"}, "bracket orders must be DAY or GTC orders"),
        (
            BRACKET | {"type": "limit", "limit_price": "190", "extended_hours": True},
            "extended hours order must be simple orders",
        ),
        (
            BRACKET | {"take_profit": {"limit_price": "170"}},
            "take_profit.limit_price must be > stop_loss.stop_price",
        ),
        (
            SHORT_BRACKET | {"take_profit": {"limit_price": "210"}},
            "take_profit.limit_price must be < stop_loss.stop_price",
        ),
        (
            BRACKET | {"stop_loss": {"stop_price": "190"}},
            "stop_loss.stop_price must be <= base_price - 0.01",
        ),
        (
            SHORT_BRACKET | {"stop_loss": {"stop_price": "190"}},
            "stop_loss.stop_price must be >= base_price + 0.01",
        ),
        (BRACKET | {"take_profit": None}, "bracket orders require take_profit.limit_price"),
        (BRACKET | {"stop_loss": None}, "bracket orders require stop_loss.stop_price"),
        (
            BRACKET | {"order_class": "oto"},
            "oto orders require either take_profit or stop_loss",
        ),
        (OCO, "oco orders must be exit orders"),
    ],
)
def test_a_bracket_that_cannot_work_is_refused(desk: Desk, terms: Shown, message: str) -> None:
    told = desk.refusal(**terms)
    assert (told["status"], told["code"], told["message"]) == (422, 42210000, message)


def test_the_stop_is_a_cent_beyond_the_base_price(desk: Desk) -> None:
    told = desk.refusal(**(BRACKET | {"stop_loss": {"stop_price": "190"}}))
    assert told["base_price"] == "190"
    limit = BRACKET | {"type": "limit", "limit_price": "185"}
    assert desk.refusal(**(limit | {"stop_loss": {"stop_price": "185"}}))["base_price"] == "185"
    assert desk.order(**(limit | {"stop_loss": {"stop_price": "184.99"}}))["status"]


def test_a_bracket_opens_a_position_and_does_not_close_one(desk: Desk) -> None:
    desk.order()
    told = desk.refusal(**SHORT_BRACKET)
    assert (told["status"], told["message"]) == (422, "bracket orders must be entry orders")


def test_legs_are_held_until_the_entry_is_filled_completely(
    alpaca: AlpacaSimulator, desk: Desk
) -> None:
    alpaca.quote("AAPL", "190", size=4)
    entry = desk.order(**BRACKET)
    assert desk.status(entry) == "partially_filled"
    assert statuses(desk, entry) == {"limit": "held", "stop": "held"}
    alpaca.quote("AAPL", "170", size=0)  # far below the stop: nothing protects the four
    assert desk.position()["qty"] == "4"
    alpaca.quote("AAPL", "190")
    assert desk.status(entry) == "filled"
    assert statuses(desk, entry) == {"limit": "new", "stop": "held"}


def test_the_stop_of_a_working_pair_can_be_shown_as_new(
    alpaca: AlpacaSimulator, desk: Desk
) -> None:
    alpaca.rules(stop_waits_for_target=False)
    entry = desk.order(**BRACKET)
    assert statuses(desk, entry) == {"limit": "new", "stop": "new"}
    alpaca.quote("AAPL", "179")
    assert statuses(desk, entry) == {"limit": "canceled", "stop": "filled"}


@pytest.mark.parametrize(
    ("price", "expected"),
    [
        ("201", {"limit": "filled", "stop": "canceled"}),
        ("179", {"limit": "canceled", "stop": "filled"}),
    ],
)
def test_the_fill_of_one_leg_cancels_the_other(
    alpaca: AlpacaSimulator, desk: Desk, price: str, expected: dict[str, str]
) -> None:
    entry = desk.order(**BRACKET)
    alpaca.quote("AAPL", price)
    assert statuses(desk, entry) == expected
    assert desk.get("/positions") == []


def test_the_legs_of_a_short_lie_the_other_way(alpaca: AlpacaSimulator, desk: Desk) -> None:
    entry = desk.order(**SHORT_BRACKET)
    assert {leg["side"] for leg in entry["legs"]} == {"buy"}
    alpaca.quote("AAPL", "201")
    assert statuses(desk, entry) == {"limit": "canceled", "stop": "filled"}


def test_a_part_of_the_target_shrinks_the_stop(alpaca: AlpacaSimulator, desk: Desk) -> None:
    entry = desk.order(**BRACKET)
    alpaca.quote("AAPL", "200", size=3)
    legs = legs_of(desk, entry)
    assert (legs["limit"]["status"], legs["limit"]["filled_qty"]) == ("partially_filled", "3")
    assert (legs["stop"]["status"], legs["stop"]["qty"]) == ("held", "7")
    alpaca.quote("AAPL", "180")
    legs = legs_of(desk, entry)
    assert (legs["stop"]["status"], legs["limit"]["status"]) == ("filled", "canceled")
    assert desk.get("/positions") == []


def test_a_stop_that_is_reached_takes_the_place_of_the_target(
    alpaca: AlpacaSimulator, desk: Desk
) -> None:
    limited = BRACKET | {"stop_loss": {"stop_price": "180", "limit_price": "179.5"}}
    entry = desk.order(**limited)
    alpaca.quote("AAPL", "178")  # through the limit
    assert statuses(desk, entry) == {"limit": "canceled", "stop_limit": "new"}
    assert desk.position()["qty"] == "10"


@pytest.mark.parametrize("which", ["limit", "stop"])
def test_canceling_a_leg_cancels_the_other(desk: Desk, which: str) -> None:
    entry = desk.order(**BRACKET)
    desk.client.cancel_order_by_id(legs_of(desk, entry)[which]["id"])
    assert statuses(desk, entry) == {"limit": "canceled", "stop": "canceled"}
    assert desk.position()["qty_available"] == "10"


def test_canceling_the_entry_cancels_its_legs(alpaca: AlpacaSimulator, desk: Desk) -> None:
    alpaca.quote("AAPL", "190", size=4)
    entry = desk.order(**BRACKET)
    desk.client.cancel_order_by_id(entry["id"])
    assert desk.look(entry)["filled_qty"] == "4"
    assert statuses(desk, entry) == {"limit": "canceled", "stop": "canceled"}


def test_canceling_a_leg_that_waits_cancels_the_whole_bracket(
    alpaca: AlpacaSimulator, desk: Desk
) -> None:
    alpaca.hold("AAPL")
    entry = desk.order(**BRACKET)
    desk.client.cancel_order_by_id(entry["legs"][0]["id"])
    assert desk.status(entry) == "canceled"
    assert statuses(desk, entry) == {"limit": "canceled", "stop": "canceled"}


def test_an_oco_is_its_target_and_the_stop_its_leg(alpaca: AlpacaSimulator, desk: Desk) -> None:
    desk.order()
    pair = desk.order(**OCO)
    now = desk.look(pair)
    assert (now["type"], now["limit_price"], now["status"]) == ("limit", "200", "new")
    (stop,) = now["legs"]
    assert (stop["type"], stop["stop_price"], stop["status"]) == ("stop", "180", "held")
    assert desk.position()["qty_available"] == "0"
    alpaca.quote("AAPL", "180")
    assert (desk.status(stop), desk.status(pair)) == ("filled", "canceled")


def test_an_oco_holds_its_quantity_once(desk: Desk) -> None:
    desk.order()
    desk.order(**(OCO | {"qty": "6"}))
    assert desk.position()["qty_available"] == "4"
    desk.order(**(OCO | {"qty": "4"}))
    assert desk.refusal(**(OCO | {"qty": "1"}))["held_for_orders"] == "10"


def test_an_oto_has_one_leg_which_works_after_the_fill(alpaca: AlpacaSimulator, desk: Desk) -> None:
    terms: dict[str, Any] = {"order_class": "oto", "stop_loss": {"stop_price": "180"}}
    entry = desk.order(**terms)
    assert [leg["status"] for leg in entry["legs"]] == ["held"]
    assert statuses(desk, entry) == {"stop": "new"}
    alpaca.quote("AAPL", "179")
    assert statuses(desk, entry) == {"stop": "filled"}


def test_legs_are_rows_of_their_own_unless_they_are_asked_for_nested(
    alpaca: AlpacaSimulator, desk: Desk
) -> None:
    alpaca.hold("AAPL")
    entry = desk.order(**BRACKET)
    ids = {entry["id"], *(leg["id"] for leg in entry["legs"])}
    assert {each["id"] for each in desk.get("/orders")} == ids
    (nested,) = desk.get("/orders", nested="true")
    assert {nested["id"], *(leg["id"] for leg in nested["legs"])} == ids
    alpaca.rules(lists_held=False)
    assert [each["id"] for each in desk.get("/orders")] == [entry["id"]]


def test_a_leg_can_be_moved(alpaca: AlpacaSimulator, desk: Desk) -> None:
    entry = desk.order(**BRACKET)
    stop = legs_of(desk, entry)["stop"]
    moved = desk.client.patch(f"/orders/{stop['id']}", {"stop_price": "185"})
    assert (desk.status(stop), moved["status"]) == ("replaced", "held")
    assert [leg["stop_price"] for leg in desk.look(entry)["legs"]] == [None, "185"]
    alpaca.quote("AAPL", "184")
    assert desk.status(moved) == "filled"
    assert desk.get("/positions") == []


def test_a_day_bracket_ends_with_the_session(alpaca: AlpacaSimulator, desk: Desk) -> None:
    entry = desk.order(**BRACKET)
    alpaca.advance(6 * 3600)
    assert statuses(desk, entry) == {"limit": "expired", "stop": "expired"}
    assert refusal_of(lambda: desk.client.cancel_order_by_id(entry["id"]))["status"] == 422
