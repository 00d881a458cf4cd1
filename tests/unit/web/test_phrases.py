"""Messages in words: the few that are understood, and the many that must never trade."""

import pytest

from app.web.payloads import read_delivery
from tests.unit.web.forms import fault_of, fields_of, trades

UNITS = {"quantity_type": "fixed_quantity"}


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        ("BUY AAPL", {"action": "buy", "symbol": "AAPL"}),
        (
            "sell 10 MSFT @ 433.02",
            {"action": "sell", "symbol": "MSFT", "quantity": "10", **UNITS, "price": "433.02"},
        ),
        ("close NVDA", {"action": "close", "symbol": "NVDA"}),
        ("buy ES1! 1", {"action": "buy", "symbol": "ES1!", "quantity": "1", **UNITS}),
        (
            " \tLong  BTC/USD\t.5 ",
            {"action": "buy", "symbol": "BTC/USD", "quantity": "0.5", **UNITS},
        ),
        ("Short BINANCE:BTCUSDT.P", {"action": "sell", "symbol": "BINANCE:BTCUSDT.P"}),
        ("exit BRK.B at 500", {"action": "close", "symbol": "BRK.B", "price": "500"}),
        ("flat NSE:M&M", {"action": "close", "symbol": "NSE:M&M"}),
        ("exitLong SBIN-EQ", {"action": "close", "symbol": "SBIN-EQ"}),
        (
            "sell 50% TSLA",
            {
                "action": "sell",
                "symbol": "TSLA",
                "quantity": "50",
                "quantity_type": "percent_of_equity",
            },
        ),
        (
            "buy F $500",
            {"action": "buy", "symbol": "F", "quantity": "500", "quantity_type": "dollar_amount"},
        ),
        ("buy NYSE:NOW", {"action": "buy", "symbol": "NYSE:NOW"}),
        ("cancel AAPL", {"action": "cancel", "symbol": "AAPL"}),
        ("reverse TSE:7203", {"action": "reverse", "symbol": "TSE:7203"}),
    ],
)
def test_a_phrase_says_what_it_says(text: str, fields: dict[str, object]) -> None:
    assert fields_of(text) == fields


NEVER = """
AAPL looks like a buy
do not buy AAPL
don't buy AAPL
not buy AAPL
I would buy AAPL
buy AAPL?
buy AAPL now
buy AAPL or MSFT
buy AAPL, sell MSFT
buy AAPL sell MSFT
please BUY AAPL
BUY AAPL please
"BUY AAPL"
buy signal
BUY SIGNAL
SELL ALL
BUY NOW
SELL LIMIT
CLOSE LONG
EXIT SHORT
Buy the dip
buy aapl
buy
AAPL
AAPL BUY
buy 10
buy 7203
buy 10 MSFT 5
buy 10 20 MSFT
buy MSFT 433.02 10
buy -10 MSFT
buy +10 MSFT
buy 1e5 MSFT
buy 1_0 MSFT
buy 1,000 MSFT
buy $10% MSFT
buy MSFT @
buy MSFT @ market
buy MSFT @ -5
buy @ 433.02
buy MSFT @ 433.02 10
buy MSFT @ 433.02 @ 434
buy MSFT stop 400
buying AAPL
buys AAPL
B AAPL
long-term AAPL outlook: sell
AAPL crossed above 190, buy 10
BUY AAPL; SELL MSFT
BUY AAPL!!! 10
BUY AAPL.
BUY AAPL: 10
BUY - AAPL
buy {AAPL}
buy <AAPL>
""".strip().splitlines()


@pytest.mark.parametrize("text", NEVER)
def test_a_sentence_that_merely_has_the_words_never_trades(text: str) -> None:
    assert trades(text) == []


@pytest.mark.parametrize("text", NEVER)
def test_a_line_that_is_not_understood_holds_the_others_back(text: str) -> None:
    for body in (f"{text}\nBUY MSFT", f"BUY MSFT\n\n{text}\n"):
        assert trades(body) == []


def test_lines_are_several_alerts() -> None:
    text = "secret=s\r\nBUY AAPL\r\n\r\nsell 10 MSFT @ 433.02; key=t\r\n"
    delivery = read_delivery(text.encode())
    assert delivery.presented == ("s", "t")
    assert delivery.elements == (
        {"action": "BUY", "symbol": "AAPL"},
        {"action": "sell", "quantity": "10", "symbol": "MSFT", "price": "433.02"},
    )
    assert delivery.redacted == text.replace("=s", "=***").replace("=t", "=***")


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("secret=s3cret; BUY AAPL", "secret=***; BUY AAPL"),
        ("Pass Phrase : s3cret ;BUY AAPL", "Pass Phrase : *** ;BUY AAPL"),
        ("BUY AAPL; token=s3cret;", "BUY AAPL; token=***;"),
        ("  key=s3cret\n  BUY AAPL", "  key=***\n  BUY AAPL"),
        ("BUY AAPL\npin=s3cret", "BUY AAPL\npin=***"),
    ],
)
def test_the_secret_stands_before_behind_or_on_a_line_of_its_own(text: str, kept: str) -> None:
    delivery = read_delivery(text.encode())
    assert delivery.presented == ("s3cret",)
    assert delivery.elements == ({"action": "BUY", "symbol": "AAPL"},)
    assert delivery.redacted == kept


@pytest.mark.parametrize(
    ("text", "unusable"),
    [
        ("buy {{strategy.order.contracts}} AAPL", "quantity"),
        ("buy AAPL {{strategy.order.contracts}}", "quantity"),
        ("buy AAPL @ {{close}}", "price"),
        ("buy AAPL at {{close}}", "price"),
    ],
)
def test_rule_14_a_placeholder_that_was_left_is_present_and_unusable(
    text: str, unusable: str
) -> None:
    (alert,) = trades(text)
    assert alert.unusable == {unusable}


@pytest.mark.parametrize(
    "text", ["{{strategy.order.action}} AAPL", "{{a}} {{b}} {{exchange}}:{{ticker}} @ {{close}}"]
)
def test_an_action_that_was_left_is_information(text: str) -> None:
    assert "action" not in fields_of(text)


@pytest.mark.parametrize(
    ("text", "fields"),
    [
        (
            "order sell | MSFT@433.02 | Directional Movement Index",
            {
                "action": "sell",
                "symbol": "MSFT",
                "price": "433.02",
                "strategy": "Directional Movement Index",
            },
        ),
        (
            "buy|NASDAQ:MSFT @ 433|My | own",
            {"action": "buy", "symbol": "NASDAQ:MSFT", "price": "433", "strategy": "My | own"},
        ),
        (
            "my-key|my strategy|buy|AAPL",
            {"action": "buy", "symbol": "AAPL", "strategy": "my strategy"},
        ),
    ],
)
def test_the_published_forms_are_known(text: str, fields: dict[str, object]) -> None:
    assert fields_of(text) == fields


def test_a_secret_in_its_place_is_found_and_hidden() -> None:
    delivery = read_delivery(b"my-key|my strategy|buy|AAPL")
    assert delivery.presented == ("my-key",)
    assert delivery.redacted == "***|my strategy|buy|AAPL"


def test_a_text_of_too_many_lines_is_refused() -> None:
    assert "no text like" in fault_of("BUY AAPL\n" * 101)
    assert len(trades("BUY AAPL\n" * 100)) == 100
