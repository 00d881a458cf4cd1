"""JSON as people write it: what is forgiven, and what is not."""

from decimal import Decimal

import pytest

from app.domain.errors import MalformedAlert
from app.web import strict_json
from app.web.lenient_json import read
from app.web.payloads import read_delivery
from app.web.strict_json import Declined, JsonObject, dump
from tests.unit.web.forms import fault_of, fields_of

FORGIVEN = {
    "a comma at the end": '{"a": [1, 2,], "b": "x",}',
    "single quotes": "{'a': [1, 2], 'b': 'x'}",
    "quotes of a word processor": "{\u201ca\u201d: [1, 2], \u2018b\u2019: \u201cx\u201d}",
    "no quotes": "{a: [1, 2], b: x}",
    "comments": '// head\n{"a": [1, /* two */ 2], "b": "x" // end\n} // tail',
    "blanks of other kinds": '\ufeff{"a":\u00a0[1, 2],\u2028"b": "x"}',
}


@pytest.mark.parametrize("text", FORGIVEN.values(), ids=FORGIVEN.keys())
def test_it_reads_what_was_meant(text: str) -> None:
    assert dump(read(text.lstrip("\ufeff"))) == '{"a":[1,2],"b":"x"}'


@pytest.mark.parametrize(
    "value",
    [
        *("BTCPERP", "NASDAQ:AAPL", "BTC/USD", "2026-11-20T14:30:05Z", "buy", "5%", "http://x/y"),
        *(
            "{{ticker}}",
            "{{exchange}}:{{ticker}}",
            '{{plot("Long SL")}}',
            "-{{close}}",
            "{{close}}%",
        ),
        *("+1", ".5", "01", "0x10", "1_0", "True", "None"),
    ],
)
def test_what_is_no_json_value_is_a_text(value: str) -> None:
    assert read(f'{{"a": {value}, "b": {value}}}') == JsonObject([("a", value), ("b", value)])


@pytest.mark.parametrize(
    "value", ["1.50", "-0", "1e2", "null", "true", "false", "NaN", "Infinity", "-Infinity", '"x"']
)
def test_what_json_knows_means_the_same(value: str) -> None:
    assert read(f"[{value},]") == strict_json.read(f"[{value}]")


def test_numbers_stay_as_written() -> None:
    assert read("{a: 1.50,}") == JsonObject([("a", Decimal("1.50"))])
    assert dump(read("{a: 1.50, b: 0.1000,}")) == '{"a":1.50,"b":0.1000}'


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (r'"a\n\u0041\"\\"', 'a\nA"\\'),
        (r"'it\'s \"x\" and \\'", 'it\'s "x" and \\'),
        ("'say \"x\"\\t!'", 'say "x"\t!'),
        (r"'\ud83d\ude00'", "\U0001f600"),
        ('"two\nlines\tand a tab"', "two\nlines\tand a tab"),
        ("'// no comment'", "// no comment"),
    ],
)
def test_a_text_says_what_stands_between_its_quotes(text: str, value: str) -> None:
    assert read(f"[{text},]") == [value]


def test_documents_on_lines_of_their_own_are_several() -> None:
    assert dump(read('{"a": 1}\n\n{"a": 2} // two\n')) == '[{"a":1},{"a":2}]'


UNCLEAR = {
    "two commas": "{a: 1,, b: 2}",
    "only a comma": "{,}",
    "no comma": '{"a": "x" "b": "y"}',
    "no comma between words": "{action: buy symbol: AAPL}",
    "a text within a text": '{"comment": "crossing "MACD" up"}',
    "an apostrophe": "{'comment': 'it's'}",
    "no value": '{"qty": , "a": 1}',
    "no name": '{: 1, "a": 1}',
    "no end": '{"a": {"b": 1}',
    "more than its end": '{"a": 1}}',
    "the wrong end": '{"a": 1]',
    "words after the end": '{"a": 1} buy',
    "another one on the same line": '{"a": 1} {"a": 2}',
    "words on the next line": '{"a": 1}\nbuy',
    "an array on the next line": '{"a": 1}\n[]',
    "a comment without an end": '{"a": 1} /* x',
    "an escape that is none": r'{"a": "\x41",}',
    "a quote of another kind": "{\"a': 1}",
    "dots": '{"a": 1,\n..}',
    "a colon too many": "{a:: 1}",
}


@pytest.mark.parametrize("text", UNCLEAR.values(), ids=UNCLEAR.keys())
def test_what_is_unclear_is_refused_with_its_place(text: str) -> None:
    with pytest.raises(MalformedAlert, match=r"line \d, column \d+"):
        read(text)


@pytest.mark.parametrize("text", ["buy AAPL", "a=1", "", " ", "{{ticker}} buy", '"{}"', "// {"])
def test_what_does_not_begin_like_json_is_left_to_others(text: str) -> None:
    with pytest.raises(Declined):
        read(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{a: 1, a: 2}", "'a' occurs twice"),
        ("{a: " + "[" * 40 + "]" * 40 + "}", "nested deeper than 32"),
        ("{a: " + "[" * 8 + "]" * 8 + ",}", "nested deeper than 8"),
        ("{" + ",".join(f"k{n}:1" for n in range(65)) + "}", "more than 64 fields"),
        ("{qty: " + "9" * 41 + "}", "more than 40 characters"),
        ("{qty: 1e400,}", "exponent"),
        ("[" + "{}," * 101 + "]", "more than 100 alerts"),
        ("{}\n" * 101, "more than 100 alerts"),
    ],
)
def test_the_bounds_are_those_of_json(text: str, words: str) -> None:
    assert words in fault_of(text)


def test_an_error_repeats_nothing_of_the_text() -> None:
    assert "hunter2" not in fault_of('{"secret": "hunter2" "action": "buy hunter2"')


def test_arrays_legs_and_nested_objects_work_as_in_json() -> None:
    legs = read_delivery(
        b"{secret: s, order_legs: [{transactionType: S, symbol: A,}, {side: buy, symbol: B,},],}"
    )
    assert legs.presented == ("s",)
    assert legs.elements == (
        {"transactionType": "S", "symbol": "A"},
        {"side": "buy", "symbol": "B"},
    )
    array = read_delivery(b"[{'side': 'buy', 'symbol': 'A',}, {'side': 'jump'}, 7,]")
    assert len(array.elements) == 3
    assert isinstance(array.elements[2], MalformedAlert)
    assert fields_of("{strategy: {order: x}, bar: {close: 5}, data: buy, ticker: A,}") == {
        "action": "buy",
        "symbol": "A",
        "price": "5",
    }
