"""Messages of name=value pairs."""

import pytest

from app.web.pairs import read
from app.web.payloads import read_delivery
from app.web.strict_json import Declined, dump
from tests.unit.web.forms import fault_of, fields_of, trades

READ = '{"action":"buy","symbol":"AAPL","qty":"1"}'


@pytest.mark.parametrize(
    "text",
    [
        "action=buy; symbol=AAPL; qty=1",
        "action=buy;symbol=AAPL;qty=1;",
        "action=buy, symbol=AAPL, qty=1",
        "action=buy,symbol=AAPL,qty=1,",
        "action=buy\nsymbol=AAPL\r\n\r\nqty=1\n",
        "action = buy ; symbol = AAPL ,qty\t=\t1",
        "\n action=\"buy\"; symbol='AAPL'\nqty=1",
    ],
)
def test_pairs_are_parted_by_semicolons_commas_or_line_ends(text: str) -> None:
    assert dump(read(text).content) == READ


@pytest.mark.parametrize(
    ("value", "read_as"),
    [
        ("Crossing up, volume high", "Crossing up, volume high"),
        ("a=b", "a=b"),
        ("1,234.5", "1,234.5"),
        ('"a; b, c=d"', "a; b, c=d"),
        ("'say \"x\"'", 'say "x"'),
        ("it's 5\"", "it's 5\""),
        ("", ""),
        ('""', ""),
        ('{{plot("x")}}', '{{plot("x")}}'),
    ],
)
def test_a_value_may_hold_what_does_not_end_it(value: str, read_as: str) -> None:
    for after in ("", "; qty=1", ", qty=1", "\nqty=1"):
        content = read_delivery(f"comment={value}{after}".encode()).elements[0]
        assert isinstance(content, dict)
        assert content["comment"] == read_as


@pytest.mark.parametrize(
    "text",
    [
        "hello",
        "action=buy; AAPL",
        "action=buy; symbol=AAPL\nregards",
        "note: action=buy",
        "=buy",
        "5=6",
        'comment="never closed; action=buy',
        'comment="x" y; action=buy',
        "buy (AAPL)=1",
        "",
    ],
)
def test_what_is_not_all_pairs_is_left_to_others(text: str) -> None:
    with pytest.raises(Declined):
        read(text)


def test_a_word_before_a_name_makes_it_another_name() -> None:
    assert trades("do not action=buy; symbol=AAPL") == []


def test_a_name_that_comes_twice_is_refused() -> None:
    assert "'qty' occurs twice" in fault_of("action=buy; qty=1; qty=2")
    assert "'action' occurs twice" in fault_of("action=buy\naction=sell\nsymbol=AAPL")


def test_lines_that_each_name_an_action_are_alerts_of_their_own() -> None:
    text = "secret=s\naction=buy; symbol=A\naction=sell; symbol=B; qty=2\n"
    delivery = read_delivery(text.encode())
    assert delivery.presented == ("s",)
    assert delivery.elements == (
        {"action": "buy", "symbol": "A"},
        {"action": "sell", "symbol": "B", "qty": "2"},
    )


def test_lines_of_one_alert_stay_one_although_two_may_hold_a_side() -> None:
    text = "action=buy; symbol=A\ntype=limit; price=100"
    assert fields_of(text) == {
        "action": "buy",
        "symbol": "A",
        "order_type": "limit",
        "limit_price": "100",
        "price": "100",
    }


def test_what_is_kept_is_what_came_without_its_secrets() -> None:
    text = "key=a==,b; action=buy ;\n\tpassword = \"x; y\";symbol=A, api key='z'"
    delivery = read_delivery(text.encode())
    assert delivery.presented == ("a==,b", "x; y", "z")
    kept = "key=***; action=buy ;\n\tpassword = \"***\";symbol=A, api key='***'"
    assert delivery.redacted == kept
    assert read_delivery(kept.encode()).elements == delivery.elements


def test_the_bounds_are_those_of_json() -> None:
    assert "more than 64 fields" in fault_of(";".join(f"k{n}=1" for n in range(65)))
    assert "more than 100 alerts" in fault_of("action=buy;symbol=A\n" * 101)


def test_the_id_beside_a_command_is_the_strategy() -> None:
    text = "command=PLACE; instrument=NQ 12-24; action=BUY; qty=1; TIF=DAY; id=mystrategy;"
    assert fields_of(text) == {
        "action": "buy",
        "symbol": "NQ 12-24",
        "quantity": "1",
        "quantity_type": "fixed_quantity",
        "strategy": "mystrategy",
        "time_in_force": "day",
    }


@pytest.mark.parametrize("command", ["CANCELORDER", "CHANGE", "FLATTEN"])
def test_a_command_that_places_no_order_never_trades(command: str) -> None:
    assert trades(f"command={command}; action=BUY; instrument=NQ 12-24; qty=1") == []
