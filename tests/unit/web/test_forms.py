"""One message in every form means the same; what was not understood never trades (Hypothesis)."""

import json
import re
import time
from collections.abc import Callable, Mapping
from contextlib import suppress

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from app.domain.errors import MalformedAlert
from app.web.alert_fields import parse_alert, shown_fields
from app.web.payloads import LARGEST_BODY, canonical, read_delivery
from app.web.templates import Template
from app.web.words import ACTIONS
from tests.unit.web.forms import NOW, fields_of, trades

CANARY = "CANARY-7f3a9b"
TEMPLATES = ("{strategy}: {action} {symbol} {quantity} at {price}", "{secret}/{action}/{symbol}")
Form = Callable[[Mapping[str, str]], str]
fast = settings(max_examples=400, deadline=None, database=None)

actions = st.sampled_from(["buy", "SELL", "Long", "short", "close", "exitLong", "add"])
symbols = st.sampled_from(
    ["AAPL", "NASDAQ:MSFT", "ES1!", "BTC/USD", "BRK.B", "NSE:M&M", "ETH-PERP"]
)
quantities = st.sampled_from(["1", "0.01", "2.50", "50%", "$500", "500$", "{{x}}"])
prices = st.sampled_from(["190", "433.02", "0.5", "{{close}}"])
letters = st.text("abcdefghijklmnopqrstuvwxyzABCXYZ ", min_size=1, max_size=30).filter(str.strip)


@st.composite
def messages(draw: st.DrawFn) -> dict[str, str]:
    """An alert of four fields, as they are sent."""
    return {
        "action": draw(actions),
        "symbol": draw(symbols),
        "quantity": draw(quantities),
        "price": draw(prices),
    }


def in_json(message: Mapping[str, str]) -> str:
    return json.dumps(message)


def loosely(message: Mapping[str, str]) -> str:
    return "{" + "".join(f"{name}: '{value}',\n" for name, value in message.items()) + "}"


def in_pairs(message: Mapping[str, str]) -> str:
    return "; ".join(f"{name}={value}" for name, value in message.items())


def in_words(message: Mapping[str, str]) -> str:
    return "{action} {quantity} {symbol} @ {price}".format(**message)


FORMS = (in_json, loosely, in_pairs, in_words)
forms = st.sampled_from(FORMS)


@fast
@given(messages())
def test_the_same_message_means_the_same_in_every_form(message: dict[str, str]) -> None:
    expected = fields_of(in_json(message))
    for form in FORMS:
        assert fields_of(form(message)) == expected, form
    assert fields_of(
        "x: {action} {symbol} {quantity} at {price}".format(**message), *TEMPLATES
    ) == {
        **expected,
        "strategy": "x",
    }


@fast
@given(messages(), forms, letters, st.sampled_from([" ", "\n", " \n\n", "; ", ": ", ""]))
def test_a_message_with_words_around_it_never_trades(
    message: dict[str, str], form: Form, words: str, gap: str
) -> None:
    text = form(message)
    assume("{{" not in text)
    for body in (f"{words}{gap}{text}", f"{text}{gap}{words}", f"{words}{gap}{text}{gap}{words}"):
        assert trades(body) == [], body


PHRASE = re.compile(r"\w+( [0-9.]+)? [A-Z]+( [0-9.]+)?(( @ | at )[0-9.]+)?")
CHANCE = "AAPL MSFT 10 433.02 @ at ; = { } not do I a the looks like will now"
words = st.sampled_from([*ACTIONS, *CHANCE.split()])


@fast
@given(st.lists(words, max_size=8).map(" ".join))
def test_words_by_chance_trade_only_as_a_whole_phrase(text: str) -> None:
    assume(not PHRASE.fullmatch(text))
    assert trades(text) == []


@fast
@given(st.text(max_size=200))
def test_random_text_never_trades(text: str) -> None:
    assume(not PHRASE.search(text))
    assert trades(text, *TEMPLATES) == []


@fast
@given(messages(), st.sampled_from([in_json, loosely]), st.data())
def test_json_with_a_mark_lost_or_too_many_means_the_same_or_does_not_trade(
    message: dict[str, str], form: Form, data: st.DataObject
) -> None:
    message["symbol"] = message["symbol"].rpartition(":")[2]  # a mark that is part of a value
    text, expected = form(message), fields_of(form(message))
    for _ in range(data.draw(st.integers(1, 3))):
        marks = [place for place, char in enumerate(text) if char in "\"'{}[],:\n"]
        place = data.draw(st.sampled_from(marks or [0]))
        new = data.draw(st.sampled_from(["", "", "", *"\"'{}[],\n"]))
        text = text[:place] + new + text[place + data.draw(st.integers(0, 1)) :]
    for alert in trades(text):
        read = shown_fields(alert)
        assert read == {name: expected[name] for name in read}, text


@fast
@given(st.text("{}[]\"',:;=|@ \n/*aby1.\\\u201c", max_size=80))
def test_any_text_is_an_error_of_ours_or_alerts_that_can_be_kept(text: str) -> None:
    delivery = read_delivery(text.encode(), [Template.parse(each) for each in TEMPLATES])
    assert delivery.elements or delivery.error
    for element in delivery.elements:
        if isinstance(element, MalformedAlert):
            continue
        assert canonical(element)
        with suppress(MalformedAlert):
            shown_fields(parse_alert(element, now=NOW))


@st.composite
def with_canary(draw: st.DrawFn) -> str:
    """A message in some form that carries the canary as its secret."""
    message, name = draw(messages()), draw(st.sampled_from(["secret", "API Key", "pass-phrase"]))
    value = draw(st.sampled_from([CANARY, f"{CANARY}=="]))
    signed = {name: value, **message} if draw(st.booleans()) else {**message, name: value}
    texts = [
        in_json(signed),
        loosely(signed).replace(f"{name}:", f"'{name}':"),
        in_pairs(signed),
        f"{name}={value}; {in_words(message)}",
        f"{in_words(message)}; {name}={value}",
        f"{name}: {value}\n{in_words(message)}\n{in_words(message)}",
        "{}/{action}/{symbol}".format(value, **message),
    ]
    return draw(st.sampled_from(texts))


@fast
@given(with_canary())
def test_a_secret_is_found_and_hidden_in_every_form(text: str) -> None:
    delivery = read_delivery(text.encode(), [Template.parse(each) for each in TEMPLATES])
    assert any(secret.startswith(CANARY) for secret in delivery.presented)
    assert "CANARY" not in delivery.redacted + repr(delivery.elements) + str(delivery.error)
    assert "***" in delivery.redacted
    again = read_delivery(delivery.redacted.encode(), [Template.parse(each) for each in TEMPLATES])
    assert again.elements == delivery.elements


@fast
@given(with_canary(), st.data())
def test_a_secret_under_its_name_is_hidden_in_a_text_that_lost_a_piece(
    text: str, data: st.DataObject
) -> None:
    assume("/" not in text)
    start = text.index("CANARY") + 20
    cut = data.draw(st.integers(min(start, len(text)), len(text)))
    delivery = read_delivery(
        (text[:cut] + data.draw(st.sampled_from(["", "}", "'", "x"]))).encode()
    )
    assert "CANARY" not in delivery.redacted + repr(delivery.elements) + str(delivery.error)


UNITS = (
    *("[a,", "{a:[", "{a:1,", "'", "\u201c", "/*", "/**/", "{{", "{{x}}", "a=1;", "a=,", ",a"),
    *("a=1\n", "buy A\n", "buy A | ", "secret=a;", "secret=a\n", "- ", " ", "\n", "{}\n", "$1 "),
)


@pytest.mark.parametrize("head", ["", "[", "{a:", "secret=x;", "buy AAPL\n", "{a: 1}\n"])
@pytest.mark.parametrize("unit", UNITS)
def test_no_text_takes_long(head: str, unit: str) -> None:
    body = (head + unit * LARGEST_BODY).encode()[:LARGEST_BODY]
    templates = [Template.parse(each) for each in (*TEMPLATES, "{comment} - {action} {symbol}")]
    started = time.process_time()
    read_delivery(body, templates)
    assert time.process_time() - started < 1
