"""Text forms of the owner's own."""

import pytest

from app.domain.errors import ConfigError
from app.web.payloads import read_delivery
from app.web.templates import Template
from app.web.veil import Veil
from tests.unit.web.forms import fields_of, trades

BRIDGE = "{action} | {symbol}@{price} | {strategy}"


@pytest.mark.parametrize(
    ("template", "line", "values"),
    [
        (BRIDGE, "buy | MSFT@433 | RSI", ["buy", "MSFT", "433", "RSI"]),
        (BRIDGE, " buy|MSFT @\t433|  RSI | 2 ", ["buy", "MSFT", "433", "RSI | 2"]),
        (BRIDGE, "buy | MSFT@433 |", ["buy", "MSFT", "433", ""]),
        ("{action} {symbol} {quantity}", "buy  MSFT\t5", ["buy", "MSFT", "5"]),
        ("{action} {symbol} at {price}", "buy MSFT at 433", ["buy", "MSFT", "433"]),
        ("{account}: {action} {symbol}!", "main:buy ES1!!", ["main", "buy", "ES1!"]),
        ("({_}) {action} {symbol} x{_}", "(note) buy MSFT x3", ["buy", "MSFT"]),
        ("GO {action}/{symbol};", "GO buy/MSFT;", ["buy", "MSFT"]),
    ],
)
def test_a_line_of_the_form_gives_its_values(template: str, line: str, values: list[str]) -> None:
    fields = Template.parse(template).match(line.strip())
    assert fields is not None
    assert [field.value for field in fields] == values
    assert [line.strip()[field.start :][: len(field.value)] for field in fields] == values


@pytest.mark.parametrize(
    ("template", "line"),
    [
        (BRIDGE, "buy MSFT@433"),
        (BRIDGE, "buy | MSFT | RSI"),
        ("{action} {symbol} at {price}", "buy MSFT flat 433"),
        ("{action} {symbol}!", "buy MSFT"),
        ("GO {action} {symbol}", "buy MSFT"),
        ("GO {action} {symbol}", "GOLD buy MSFT"),
        ("{action} {symbol}", "buy"),
    ],
)
def test_another_line_does_not(template: str, line: str) -> None:
    assert Template.parse(template).match(line) is None


@pytest.mark.parametrize(
    ("template", "words"),
    [
        ("buy it", "there is no"),
        ("{action} {moon}", "'moon' is no field"),
        ("{action} {}", "'' is no field"),
        ("{action}{symbol}", "touch each other"),
        ("{action} {symbol", "a brace stands alone"),
        ("{{ticker}} {action}", "a brace stands alone"),
        ("{action} {symbol} {ticker}", "one field is named twice"),
        ("{qty} {quantity}", "one field is named twice"),
    ],
)
def test_a_template_that_cannot_be_used_is_named(template: str, words: str) -> None:
    with pytest.raises(ConfigError, match=words) as caught:
        Template.parse(template)
    assert "TEXT_TEMPLATES" in str(caught.value)
    assert template in str(caught.value)


def test_the_names_are_those_of_the_fields() -> None:
    frosty = "trade:{stub}:{action} symbol={symbol} size={size} price={limit_price}"
    assert fields_of("trade:main:short symbol=BTC/USD size=2000 price=7600", frosty) == {
        "action": "sell",
        "symbol": "BTC/USD",
        "quantity": "2000",
        "quantity_type": "dollar_amount",
        "order_type": "limit",
        "limit_price": "7600",
        "account": "main",
    }


def test_the_owners_form_comes_before_what_looks_like_pairs_or_json() -> None:
    assert trades("buy AAPL sl=180 tp=200", "{action} {symbol} sl={stop_loss} tp={take_profit}")
    assert trades("[RSI] buy AAPL", "[{strategy}] {action} {symbol}")
    assert trades("key=s; buy/AAPL", "key={secret}; {action}/{symbol}")
    assert trades("key=s; buy/AAPL", "{action}/{symbol}")


@pytest.mark.parametrize("line", ["do not buy AAPL", "AAPL looks like a buy", "Hello there"])
def test_a_line_whose_action_is_no_action_is_not_of_the_form(line: str) -> None:
    template = "{action} {symbol}"
    assert trades(line, template) == []
    assert trades(f"{line}\nbuy AAPL", template) == []


def test_a_secret_in_its_place_is_found_hidden_and_no_better_read_for_it() -> None:
    template = Template.parse("{secret}/{action}/{symbol}/{comment}")
    body = b"hunter2hunter2/buy/AAPL/by hunter2hunter2!"
    delivery = Veil(["hunter2hunter2"], [template]).read(body)
    assert delivery.presented == ("hunter2hunter2",)
    assert delivery.redacted == "***/buy/AAPL/by ***!"
    assert delivery.elements == ({"action": "buy", "symbol": "AAPL", "comment": "by ***!"},)
    assert read_delivery(body).presented == ()
