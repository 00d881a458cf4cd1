"""What a body brings: its alerts, its secrets, and what may be kept of it."""

import json
import time
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.domain.errors import MalformedAlert
from app.web.payloads import LARGEST_BODY, Delivery, canonical, read_delivery

CANARY = "CANARY-7f3a9b"
SECRET_NAMES = [
    "secret",
    "token",
    "key",
    "passphrase",
    "pin",
    "apikey",
    "auth_key",
    "password",
    "Api Key",
    "AUTH-KEY",
    "PassPhrase",
]
fast = settings(max_examples=500, deadline=None, database=None)


def only(delivery: Delivery) -> dict[str, object]:
    """The one element of a delivery that was understood."""
    (element,) = delivery.elements
    assert delivery.error is None
    assert isinstance(element, dict)
    return element


def traces(delivery: Delivery) -> str:
    """Everything of a delivery that may be kept or told, as one text."""
    return " ".join([delivery.redacted, repr(delivery.elements), str(delivery.error)])


# ------------------------------------------------------------------ secrets


@pytest.mark.parametrize("name", SECRET_NAMES)
def test_a_secret_is_presented_under_every_name_and_kept_under_none(name: str) -> None:
    delivery = read_delivery(json.dumps({"action": "buy", name: CANARY}).encode())
    assert delivery.presented == (CANARY,)
    assert only(delivery) == {"action": "buy"}
    assert json.loads(delivery.redacted) == {"action": "buy", name: "***"}


@pytest.mark.parametrize(
    "body",
    [
        {"strategy": {"token": CANARY}},
        {"multiple_accounts": [{"token": CANARY}]},
        [{"key": CANARY}],
        [{"a": {"key": CANARY}}],
        {"secret": CANARY, "order_legs": [{"symbol": "A"}]},
    ],
)
def test_a_secret_is_presented_from_one_level_of_nesting(body: object) -> None:
    delivery = read_delivery(json.dumps(body).encode())
    assert delivery.presented == (CANARY,)
    assert CANARY not in traces(delivery)


@pytest.mark.parametrize(
    "body",
    [
        {"a": {"b": {"c": {"secret": CANARY}}}},
        {"secret": {"nested": [CANARY]}},
        {"secret": [CANARY, {"x": CANARY}]},
        {"webhook_secret": CANARY, "accessToken": CANARY, "db-password": CANARY},
    ],
)
def test_a_secret_is_hidden_at_every_depth(body: object) -> None:
    assert CANARY not in traces(read_delivery(json.dumps(body).encode()))


@pytest.mark.parametrize(
    "body",
    [
        r'{"s\u0065cret": "CANARY-7f3a9b"}',
        r'{"secret": "\u0043ANARY-7f3a9b"}',
        r'{"\u0061uth\u005fkey": "\u0043\u0041NARY-7f3a9b", }',
        r'{"secret": "CANARY-7f3a9b",',
        r'{"secret" :' + "\n\t" + r'"CANARY-7f3a9b"',
        r"{'secret': 'CANARY-7f3a9b'}",
        "secret=CANARY-7f3a9b; action=buy",
        "key: CANARY-7f3a9b, action: buy",
        r'"{\"secret\": \"CANARY-7f3a9b\"}"',
        'key="token": "CANARY-7f3a9b"',
        '{"secret": "CANARY-7f3a9b", "secret": "x"}',
        '{"pin": "CANARY-7f3a9b", "a": Infinity}',
        '{"secret": "CANARY-7f3a9b", "a": ' + "[" * 50 + "]" * 50 + "}",
    ],
)
def test_a_secret_is_found_and_hidden_however_it_is_written(body: str) -> None:
    delivery = read_delivery(body.encode())
    assert CANARY in delivery.presented
    assert CANARY not in traces(delivery)
    assert "ANARY" not in delivery.redacted


@pytest.mark.parametrize("text", ['{"secret":"CANARY-7f3a9b"}', '{"secret":"CANARY-7f3a9b",'])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_a_secret_is_hidden_in_any_encoding(text: str, encoding: str) -> None:
    delivery = read_delivery(text.encode(encoding))
    assert CANARY not in traces(delivery).replace("\0", "").replace("�", "")


@pytest.mark.parametrize(
    "text",
    [
        '{"secret": "CANARY-7f3a9b',
        '{"secret": {"inner": "CANARY-7f3a9b", ',
        '{"secret": ["a", "CANARY-7f3a9b", ',
        "password = CANARY-7f3a9b",
    ],
)
def test_a_secret_is_hidden_in_a_body_that_breaks_off(text: str) -> None:
    assert CANARY not in traces(read_delivery(text.encode()))


def test_a_secret_may_be_a_number_and_is_not_read_as_one() -> None:
    digits = "9" * 64
    delivery = read_delivery(f'{{"pin": 1234, "token": {digits}, "action": "buy"}}'.encode())
    assert delivery.presented == ("1234", digits)
    assert only(delivery) == {"action": "buy"}


@pytest.mark.parametrize("value", ["null", "true", '""', "{}"])
def test_an_empty_secret_is_not_presented(value: str) -> None:
    assert read_delivery(f'{{"secret": {value}}}'.encode()).presented == ()


def test_one_delivery_cannot_try_many_secrets() -> None:
    guesses = [{"secret": f"guess {number}"} for number in range(90)]
    assert len(read_delivery(json.dumps(guesses).encode()).presented) == 16
    text = "\n".join(f"secret={number}" for number in range(5000))
    assert len(read_delivery(text.encode()).presented) == 16


def test_fields_that_only_resemble_a_secret_stay() -> None:
    delivery = read_delivery(b'{"base_token": "ETH", "monkey": "x", "pinned": 1}')
    assert only(delivery) == {"base_token": "ETH", "monkey": "x", "pinned": Decimal(1)}
    assert delivery.presented == ()


# ----------------------------------------------------------------- elements


def test_numbers_are_decimals_as_written() -> None:
    element = only(read_delivery(b'{"a": 1, "b": 1.50, "c": -0.1, "d": 1e2}'))
    assert [str(value) for value in element.values()] == ["1", "1.50", "-0.1", "1E+2"]
    assert all(isinstance(value, Decimal) for value in element.values())


def test_a_byte_order_mark_is_tolerated() -> None:
    assert only(read_delivery(b'\xef\xbb\xbf {"action": "buy"} ')) == {"action": "buy"}


def test_an_array_is_several_alerts_and_a_bad_one_holds_none_back() -> None:
    delivery = read_delivery(
        b'[{"action": "buy"}, {"a": 1, "a": 2}, 7, {"x": Infinity}, "", null, [], {"side": "sell"}]'
    )
    kinds = [type(element).__name__ for element in delivery.elements]
    assert kinds == ["dict", *["MalformedAlert"] * 6, "dict"]
    assert delivery.error is None


def test_legs_inherit_the_fields_of_their_envelope() -> None:
    body = {
        "secret": "s",
        "strategy": "spread",
        "symbol": "NIFTY",
        "type": "limit",
        "order_legs": [{"transactionType": "S", "ticker": "BANKNIFTY"}, {"action": "buy"}],
    }
    first, second = read_delivery(json.dumps(body).encode()).elements
    assert first == {
        "strategy": "spread",
        "type": "limit",
        "transactionType": "S",
        "ticker": "BANKNIFTY",
    }
    assert second == {"strategy": "spread", "symbol": "NIFTY", "type": "limit", "action": "buy"}


def test_a_bad_leg_holds_no_other_back() -> None:
    delivery = read_delivery(b'{"symbol": "A", "orderLegs": [{"qty": NaN}, 5, {"rsi": NaN}]}')
    assert delivery.elements[0] == {"symbol": "A", "qty": "NaN"}
    assert [type(leg) for leg in delivery.elements[1:]] == [MalformedAlert, MalformedAlert]


def test_null_legs_are_none() -> None:
    assert only(read_delivery(b'{"symbol": "A", "order_legs": null}'))["symbol"] == "A"


@pytest.mark.parametrize(
    "name", ["stop_loss", "sl", "takeProfit", "tp", "qty", "contracts", "price", "close", "long SL"]
)
def test_rule_14_a_nan_stays_where_it_means_present_but_unusable(name: str) -> None:
    assert only(read_delivery(f'{{"{name}": NaN}}'.encode())) == {name: "NaN"}


def test_rule_14_a_nan_stays_within_a_stop_loss_object() -> None:
    element = only(read_delivery(b'{"stopLoss": {"percent": NaN}}'))
    assert element == {"stopLoss": {"percent": "NaN"}}


def test_text_may_hold_letters_of_any_language_and_line_ends() -> None:
    element = only(read_delivery('{"comment": "नमस्ते 👩‍💻\\n\\tzweite Zeile"}'.encode()))
    assert element == {"comment": "नमस्ते 👩‍💻\n\tzweite Zeile"}


# ------------------------------------------------------------------ hostile

HOSTILE = [
    (b"", "empty"),
    (b" \n\t ", "empty"),
    (b"\xef\xbb\xbf", "empty"),
    (b"\xff\xfe{", "UTF-8"),
    (b'{"action": "b\xe9"}', "UTF-8"),
    (b"\x00{}", "NUL"),
    (b'"buy"', "not a text"),
    (b"5", "not a number"),
    (b"null", "not null"),
    (b"true", "not true or false"),
    (b"NaN", "not a number"),
    (b"[]", "no alert"),
    (b"{", "line 1, column 2"),
    (b'{"a": 1,,}', "a name is missing"),
    (b'{"a": 1} {"a": 2}', "something follows its end (line 1, column 10)"),
    (b"hello", "no text like 'BUY AAPL'"),
    (b"AAPL looks like a buy", "no text like 'BUY AAPL'"),
    (b'{"action": "buy", "action": "sell"}', "'action' occurs twice"),
    (b'{"x": {"y": 1, "y": 1}}', "'y' occurs twice"),
    (b'{"rsi": NaN}', "NaN is not a number"),
    (b'{"quantity": Infinity}', "Infinity is not a number"),
    (b'{"quantity": -Infinity}', "-Infinity is not a number"),
    (b'{"quantity": ' + b"1" * 41 + b"}", "more than 40 characters"),
    (b'{"quantity": ' + b"9" * 5000 + b"}", "more than 40 characters"),
    (b'{"quantity": 0.' + b"1" * 60000 + b"}", "more than 40 characters"),
    (b'{"quantity": 1e400}', "exponent"),
    (b'{"quantity": 1e-400}', "exponent"),
    (b'{"quantity": 1e99999999999999999999}', "exponent"),
    (b'{"a": ' + b"[" * 8 + b"]" * 8 + b"}", "nested deeper than 8"),
    (b'{"a":' * 9 + b"1" + b"}" * 9, "nested deeper than 8"),
    (b"[" * 60000, "nested deeper"),
    (b'{"a":' * 10000 + b"1" + b"}" * 10000, "nested deeper"),
    (b"{" + b",".join(b'"k%d":1' % n for n in range(65)) + b"}", "more than 64 fields"),
    (b'{"x": {' + b",".join(b'"k%d":1' % n for n in range(65)) + b"}}", "more than 64 fields"),
    (b'{"symbol": "\\ud800"}', "lone surrogate"),
    (b'{"\\udfff": 1}', "lone surrogate"),
    (b'{"symbol": "A\\u0000"}', "control character"),
    (b'{"symbol": "A\\u001b[2J"}', "control character"),
    (b'{"symbol": "A\\u0085"}', "control character"),
    (b'{"symbol": "A\x7f"}', "control character"),
    (b'{"order_legs": []}', "order_legs"),
    (b'{"order_legs": {"a": 1}}', "order_legs"),
    (b'{"order_legs": [{}], "orderLegs": [{}]}', "order_legs"),
    (b"[" + b",".join([b"{}"] * 101) + b"]", "more than 100 alerts"),
    (b'{"a": "' + b"x" * LARGEST_BODY + b'"}', "larger than 64 KB"),
]


@pytest.mark.parametrize(
    ("body", "words"), HOSTILE, ids=[f"{body[:20]!r}-{len(body)}" for body, _ in HOSTILE]
)
def test_a_hostile_body_is_refused_with_a_clear_reason(body: bytes, words: str) -> None:
    delivery = read_delivery(body)
    assert words in str(delivery.error)
    assert len(str(delivery.error)) < 200
    assert delivery.elements == ()


@pytest.mark.parametrize(
    "unit",
    [
        '"',
        '\\"',
        '"secret":',
        "secret:",
        'secret:"',
        "secret:'",
        "secret:{",
        "key=",
        "[",
        '{"a":',
        "s e ",
        "\\u0073",
        "pin \t",
        "s\\u0065",
        "secret" + " " * 50,
        "::::",
        '\\\\"key":',
    ],
)
def test_no_body_takes_long(unit: str) -> None:
    body = (unit * (LARGEST_BODY // len(unit)))[:LARGEST_BODY].encode()
    started = time.perf_counter()
    read_delivery(body)
    assert time.perf_counter() - started < 1.5


# ----------------------------------------------------- what is kept, hashed


def test_the_kept_text_keeps_order_and_numbers() -> None:
    body = b'{ "b": 1.50, "a": [true, null, "x\\ny"], "secret": "s", "c": {"d": NaN} }'
    kept = '{"b":1.50,"a":[true,null,"x\\ny"],"secret":"***","c":{"d":NaN}}'
    assert read_delivery(body).redacted == kept


def test_the_kept_text_fits_any_database() -> None:
    for body in (b'{"a": "\\ud800\\u0000"}', b'{"a\\ud800": 1', b"\x00\xff" * 40000):
        redacted = read_delivery(body).redacted
        assert "\0" not in redacted
        assert len(redacted.encode()) <= LARGEST_BODY


def test_the_hashed_text_depends_on_the_content_alone() -> None:
    first = only(read_delivery(b'{"secret": "s", "b": 1.50, "a": {"y": true, "x": null}}'))
    second = only(read_delivery(b'{"a":{"x":null,"y":true},"b":1.50,"token":"t"}'))
    assert canonical(first) == canonical(second) == '{"a":{"x":null,"y":true},"b":1.50}'


def test_the_hashed_text_tells_different_bodies_apart() -> None:
    bodies = [b'{"a": 1}', b'{"a": 1.0}', b'{"a": "1"}', b'{"a": [1]}', b'{"b": 1}', b'{"a": true}']
    assert len({canonical(only(read_delivery(body))) for body in bodies}) == len(bodies)


# ------------------------------------------------------------------ fuzzing

names = st.sampled_from(["action", "symbol", "qty", "data", "strategy", "x", "order_legs"])
scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12)
documents = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(names | st.text(max_size=8), inner, max_size=5)
    ),
    max_leaves=12,
)


@st.composite
def escaped(draw: st.DrawFn, text: str) -> str:
    """A text of ASCII as a JSON string, some of its characters as escapes."""
    forms = [draw(st.sampled_from([char, char, f"\\u{ord(char):04x}"])) for char in text]
    return '"' + "".join(forms) + '"'


@st.composite
def bodies_with_a_secret(draw: st.DrawFn) -> str:
    """JSON with the canary under a secret's name, somewhere, written one way or another."""
    name = draw(st.sampled_from(SECRET_NAMES))
    value = draw(escaped(CANARY))
    value = draw(st.sampled_from([value, f"[{value}]", f'{{"x": {value}}}']))
    space = draw(st.sampled_from(["", " ", "\n\t"]))
    pair = f"{draw(escaped(name))}{space}:{space}{value}"
    before, after = (json.dumps(draw(documents)) for _ in range(2))
    text = f'{{"a":{before},{pair},"b":{after}}}'
    return draw(
        st.sampled_from([text, f"[{text}]", f'{{"data":{text}}}', f'{{"order_legs":[{text}]}}'])
    )


@fast
@given(st.binary(max_size=200))
def test_arbitrary_bytes_never_raise(body: bytes) -> None:
    delivery = read_delivery(body)
    assert delivery.elements or delivery.error


@fast
@given(documents)
def test_arbitrary_json_never_raises(document: object) -> None:
    delivery = read_delivery(json.dumps(document).encode())
    assert delivery.elements or delivery.error
    for element in delivery.elements:
        assert isinstance(element, MalformedAlert) or canonical(element)


@fast
@given(bodies_with_a_secret())
def test_no_secret_survives_in_json(body: str) -> None:
    assert CANARY not in traces(read_delivery(body.encode()))


@fast
@given(
    bodies_with_a_secret(),
    st.integers(min_value=1, max_value=40),
    st.sampled_from(["", "{", "key=", '"', "'", "\\", "x", "\xff", "token:", '"pin": "']),
    st.sampled_from(["", ",", "}", '"', "\\", "x"]),
)
def test_no_secret_survives_in_what_is_not_json(
    body: str, cut: int, before: str, after: str
) -> None:
    delivery = read_delivery((before + body[:-cut] + after).encode())
    assert CANARY not in traces(delivery)
