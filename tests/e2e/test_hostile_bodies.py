"""Whatever a stranger sends to the port: a clear answer, no 5xx, and no trade by mistake."""

import json
import sqlite3
from collections.abc import Iterator
from typing import Any

import pytest

from tests.e2e.canaries import assert_no_canary
from tests.e2e.fuzz import storm
from tests.e2e.live import API_KEY, SECRET, LiveServer
from tests.e2e.wire import JSON, Reply, Wire, chunked, exchange, http

pytestmark = pytest.mark.e2e

LARGEST = 64 * 1024
BUY = {"action": "buy", "symbol": "AAPL", "quantity": 1, "price": 190}
TOKEN = f"/webhook/{SECRET}"


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    server = LiveServer(
        tmp_path_factory.mktemp("hostile"), {"SECRET_RATE_LIMIT": "100000 per minute"}
    )
    server.start()
    yield server
    server.hang_up()
    server.kill()


def rows(server: LiveServer) -> int:
    """How many alerts are in the database."""
    with sqlite3.connect(f"file:{server.database}?mode=ro", uri=True) as database:
        return int(database.execute("SELECT count(*) FROM alerts").fetchone()[0])


def assert_error(reply: Reply, status: int, code: str) -> None:
    """The one form of all errors."""
    assert (reply.status, reply.header("content-type")) == (status, JSON), reply
    answer = reply.json()
    assert (answer["status"], answer["code"]) == ("error", code)
    assert answer["message"]
    assert answer["request_id"] == reply.header("x-request-id") != ""


def text(**fields: object) -> bytes:
    """A buy with some of its fields changed."""
    return json.dumps({**BUY, **fields}).encode()


def with_quantity(raw: str) -> bytes:
    """A buy with a quantity exactly as it stands here."""
    return json.dumps(BUY | {"quantity": "?"}).replace('"?"', raw).encode()


NOT_UNDERSTOOD: dict[str, bytes] = {
    "empty": b"",
    "blank": b" \r\n\t ",
    "a byte order mark and nothing else": b"\xef\xbb\xbf",
    "NUL": text().replace(b"AAPL", b"AA\0PL"),
    "only NULs": bytes(1000),
    "not UTF-8": text().replace(b"AAPL", b"AA\xff\xfePL"),
    "UTF-16": text().decode().encode("utf-16"),
    "overlong UTF-8": text().replace(b"AAPL", b"AA\xc0\x80PL"),
    "a surrogate in UTF-8": text().replace(b"AAPL", b"AA\xed\xa0\x80PL"),
    "a lone surrogate": text().replace(b"AAPL", rb"AA\ud800PL"),
    "a lone surrogate as a name": text().replace(b'"symbol"', rb'"\udfff"'),
    "not JSON": b"hello",
    "half a JSON object": text()[:-5],
    "two objects in one": text() + text(),
    "two commas": text()[:-1] + b",,}",
    "mixed quotes": text().replace(b'"AAPL"', b"'AAPL\""),
    "a comment without an end": b"/* buy\n" + text(),
    "words before it": b"please: " + text(),
    "words behind it": text() + b"\nthanks",
    "a sentence": b"do not buy AAPL",
    "a sentence about it": b"AAPL looks like a buy",
    "a line that is understood and one that is not": b"BUY AAPL\nmore tomorrow",
    "pairs and words": b"action=buy; symbol=AAPL; 10 of them",
    "a pair twice": b"action=buy; symbol=AAPL; qty=1; qty=2",
    "pairs with null": b"action=null; symbol=AAPL; qty=1",
    "5,000 pairs": b"a=1;" * 5000,
    "5,000 lines": b"BUY AAPL\n" * 5000,
    "10,000 quotes": b"{" + b"'" * 10_000,
    "10,000 placeholders": b"{a:" + b"{{x}}" * 10_000,
    "a number": b"1",
    "a text": b'"buy AAPL"',
    "null": b"null",
    "true": b"true",
    "an empty array": b"[]",
    "an array in an array": b"[[" + text() + b"]]",
    "an array of numbers": b"[1, 2, 3]",
    "101 alerts": json.dumps([BUY] * 101).encode(),
    "an array bomb": b"[" * 30_000,
    "an array bomb that ends": b"[" * 30_000 + b"]" * 30_000,
    "an object bomb": b'{"a":' * 10_000,
    "a bomb within an alert": text(extra=0)[:-2] + b"[" * 5000 + b"]" * 5000 + b"}",
    "nine levels": text(extra=0)[:-2] + b"[" * 9 + b"]" * 9 + b"}",
    "5,000 keys": json.dumps({f"{n:x}": 1 for n in range(5000)}).encode(),
    "65 keys": json.dumps(BUY | {f"k{n}": n for n in range(65)}).encode(),
    "a name twice": b'{"action": "sell", ' + text()[1:],
    "a name twice, written otherwise": b'{"Action": "sell", ' + text()[1:],
    "a name twice, escaped": rb'{"\u0061ction": "sell", ' + text()[1:],
    "Infinity": with_quantity("Infinity"),
    "-Infinity": with_quantity("-Infinity"),
    "Infinity as text": with_quantity('"Infinity"'),
    "NaN where no number may be missing": text(leverage="?").replace(b'"?"', b"NaN"),
    "true as a number": with_quantity("true"),
    "1_0": with_quantity('"1_0"'),
    "1e1 as text": with_quantity('"1e1"'),
    "hexadecimal": with_quantity('"0x10"'),
    "digits of another script": with_quantity('"\u0661\u0660"'),
    "full-width digits": with_quantity('"\uff11\uff10"'),
    "a leading plus": with_quantity('"+1"'),
    "blanks within": with_quantity('"1 0"'),
    "a number in an object": with_quantity('{"value": 1}'),
    "a number in an array": with_quantity("[1]"),
    "negative": with_quantity("-1"),
    "zero": with_quantity("0"),
    "5,000 digits": with_quantity("9" * 5000),
    "5,000 digits as text": with_quantity('"' + "9" * 5000 + '"'),
    "5,000 digits of a name that nobody reads": text(extra="?").replace(b'"?"', b"9" * 5000),
    "5,000 decimals": with_quantity("0." + "1" * 5000),
    "an exponent bomb": with_quantity("1e999999999"),
    "a negative exponent bomb": with_quantity("1e-999999999"),
    "an exponent of 5,000 digits": with_quantity("1e" + "9" * 5000),
    "no action": text(action=None),
    "an action that is no word": text(action=["buy"]),
    "an unknown action": text(action="moon"),
    "an action that folds in another alphabet": text(action="\u212auy"),
    "a symbol of 10,000 characters": text(symbol="A" * 10_000),
    "a symbol of another alphabet": text(symbol="\u0410\u0410\u0420L"),
    "a symbol with a line end": text(symbol="AAPL\r\nX-Evil: 1"),
    "SQL": text(symbol="AAPL'; DROP TABLE alerts; --"),
    "an escape sequence of a terminal": text(symbol="\x1b[2JAAPL"),
    "a price below zero": text(price=-1),
    "a stop loss that is a word": text(stop_loss="tight"),
}


@pytest.mark.parametrize("body", NOT_UNDERSTOOD.values(), ids=NOT_UNDERSTOOD.keys())
def test_a_body_that_is_not_understood_is_answered_400_and_kept(
    body: bytes, server: LiveServer
) -> None:
    reply = exchange(server.port, http("POST", TOKEN, body))
    assert_error(reply, 400, "malformed_alert")
    kept = server.get(f"/api/v1/alerts/{reply.json()['alert_id']}").body
    assert (kept["status"], kept["reason"]) == ("denied", "malformed_alert")
    assert kept["orders"] == []


@pytest.mark.parametrize("body", NOT_UNDERSTOOD.values(), ids=NOT_UNDERSTOOD.keys())
def test_the_same_body_without_a_right_secret_leaves_nothing(
    body: bytes, server: LiveServer
) -> None:
    before = rows(server)
    with Wire(server.port) as wire:
        for target in ("/webhook", f"{TOKEN}x"):
            assert_error(wire.send(http("POST", target, body)), 401, "unauthorized")
    assert rows(server) == before


NOT_TRADED: dict[str, tuple[bytes, str, str]] = {
    "NaN as the quantity": (with_quantity("NaN"), "denied", "UNRENDERED_FIELD"),
    "NaN as text": (with_quantity('"NaN"'), "denied", "UNRENDERED_FIELD"),
    "no side": (b'{"symbol": "AAPL", "quantity": 1}', "info", "NO_ACTION"),
    "no symbol": (b'{"action": "buy", "quantity": 1}', "denied", "UNKNOWN_SYMBOL"),
    "a placeholder": (text(quantity="{{strategy.order.contracts}}"), "denied", "UNRENDERED_FIELD"),
    "an account that is not there": (text(account="nope"), "denied", "UNKNOWN_ACCOUNT"),
    "data that is late": (text(symbol="NSE_DLY:INFY"), "denied", "DELAYED_DATA"),
    "an alert of last year": (text(timenow="2025-01-01T00:00:00Z"), "expired", "STALE"),
}


@pytest.mark.parametrize(("body", "status", "reason"), NOT_TRADED.values(), ids=NOT_TRADED.keys())
def test_what_is_understood_and_impossible_is_accepted_and_not_traded(
    body: bytes, status: str, reason: str, server: LiveServer
) -> None:
    reply = exchange(server.port, http("POST", f"{TOKEN}?wait=2.5", body))
    assert reply.status == 200, reply
    answer = reply.json()
    assert (answer["status"], answer["reason"]) == (status, reason)
    assert server.get(f"/api/v1/alerts/{answer['alert_id']}").body["orders"] == []


def whole(number: int) -> bytes:
    """A buy of its own, its secret within."""
    return json.dumps({"secret": SECRET, **BUY, "symbol": f"OK{number}"}).encode()


ODD_AND_FINE: dict[str, bytes] = {
    "chunked": chunked("POST", "/webhook", whole(1)),
    "chunks of one byte": chunked("POST", "/webhook", whole(2), size=1),
    "64 KB": http("POST", "/webhook", whole(3).ljust(LARGEST)),
    "64 KB in chunks": chunked("POST", "/webhook", whole(4).ljust(LARGEST)),
    "a byte order mark": http("POST", "/webhook", b"\xef\xbb\xbf" + whole(5)),
    "no Content-Type": http("POST", "/webhook", whole(6)),
    "text/plain": http("POST", "/webhook", whole(7), [("Content-Type", "text/plain")]),
    "a form": http(
        "POST", "/webhook", whole(8), [("Content-Type", "application/x-www-form-urlencoded")]
    ),
    "a multipart form": http(
        "POST", "/webhook", whole(9), [("Content-Type", "multipart/form-data; boundary=x")]
    ),
    "a charset that it does not have": http(
        "POST", "/webhook", whole(10), [("Content-Type", "application/json; charset=utf-16")]
    ),
    "gzip that it is not": http("POST", "/webhook", whole(11), [("Content-Encoding", "gzip")]),
    "bytes in a header": http("POST", "/webhook", whole(12), [("X-Odd", b"\xff\xfe\x80")]),
    "a wait that is no number": http("POST", "/webhook?wait=nan&wait=1e999&x=%ff", whole(13)),
    "a double slash": http("POST", "//webhook", whole(14)),
    "an absolute target": http("POST", "http://evil.example/webhook", whole(15)),
    "HTTP/1.0": http("POST", "/webhook", whole(16)).replace(b"HTTP/1.1", b"HTTP/1.0"),
    "a query that is the secret": http("POST", f"/webhook?secret={SECRET}", whole(17)),
    "a request id that is no id": http("POST", "/webhook", whole(18), [("X-Request-ID", "a b")]),
    "expecting to go on": http("POST", "/webhook", whole(19), [("Expect", "100-continue")]),
}


@pytest.mark.parametrize("request_", ODD_AND_FINE.values(), ids=ODD_AND_FINE.keys())
def test_what_is_only_odd_is_accepted(request_: bytes, server: LiveServer) -> None:
    with Wire(server.port) as wire:
        reply = wire.send(request_)
        if reply.status == 100:
            reply = wire.send(b"")
    assert reply.status == 202, reply
    assert reply.json()["duplicate"] is False


TOO_LARGE: dict[str, bytes] = {
    "one byte more": http("POST", "/webhook", whole(90).ljust(LARGEST + 1)),
    "one byte more, in chunks": chunked("POST", "/webhook", whole(91).ljust(LARGEST + 1)),
    "200 KB in chunks": chunked("POST", "/webhook", whole(92).ljust(200_000)),
    "200 KB of another method": chunked("PUT", "/api/v1/strategies/AAPL/15m", bytes(200_000)),
    "100 GB, it says": http("POST", TOKEN, whole(93), [("Content-Length", "99999999999")]).replace(
        b"Content-Length: %d\r\n" % len(whole(93)), b""
    ),
}


@pytest.mark.parametrize("request_", TOO_LARGE.values(), ids=TOO_LARGE.keys())
def test_a_body_beyond_64_kb_is_answered_413_and_never_read_in_part(
    request_: bytes, server: LiveServer
) -> None:
    before = rows(server)
    key = b"Host: novalgo\r\nAuthorization: Bearer " + API_KEY.encode()
    reply = exchange(server.port, request_.replace(b"Host: novalgo", key))
    assert_error(reply, 413, "too_large")
    assert rows(server) == before


@pytest.mark.parametrize("cut", [1, 10, 60])
def test_a_body_that_is_cut_off_is_not_taken_for_a_whole_one(cut: int, server: LiveServer) -> None:
    before = rows(server)
    request_ = http("POST", TOKEN, text().ljust(200))
    with Wire(server.port) as wire:
        reply = wire.send(request_[:-cut], no_more=True)
    assert_error(reply, 400, "malformed_request")
    assert rows(server) == before


NOT_OFFERED = ["GET", "HEAD", "PUT", "DELETE", "PATCH", "TRACE", "CONNECT", "BREW", "PROPFIND"]


@pytest.mark.parametrize("target", ["/webhook", TOKEN])
@pytest.mark.parametrize("method", NOT_OFFERED)
def test_the_webhook_has_no_other_method(method: str, target: str, server: LiveServer) -> None:
    head = method == "HEAD"
    reply = exchange(server.port, http(method, target, text()), head_only=head)
    assert reply.header("allow") in ("POST, OPTIONS", "OPTIONS, POST")
    if head:
        assert reply.status == 405
    else:
        assert_error(reply, 405, "method_not_allowed")


STRANGE_TARGETS: dict[str, tuple[str | bytes, int]] = {
    "a folder above": ("/../../etc/passwd", 404),
    "a folder above, escaped": ("/webhook/%2e%2e%2f%2e%2e%2fetc%2fpasswd", 401),
    "two tokens": (f"/webhook/{SECRET}/more", 401),
    "a slash at the end": ("/webhook/", 404),
    "another case": ("/WEBHOOK", 404),
    "NUL": ("/webhook/%00", 401),
    "line ends": ("/webhook/%0d%0aX-Evil:%201", 404),
    "bytes that are no UTF-8": ("/webhook/%ff%fe", 401),
    "raw bytes that are no UTF-8": (b"/webhook/\xff\xfe", 401),
    "another alphabet": ("/webhook/%d1%81%d0%b5%d0%ba%d1%80%d0%b5%d1%82", 401),
    "another alphabet, raw": ("/webhook/секрет", 401),
    "half an escape": ("/webhook/%", 401),
    "a token of 3,900 characters": ("/webhook/" + "x" * 3900, 401),
    "a template": ("/webhook/{{7*7}}${7*7}<script>", 401),
    "the right token and more": (f"/webhook/{SECRET}%20", 401),
    "the right token in capitals": (f"/webhook/{SECRET.upper()}", 401),
}


@pytest.mark.parametrize(("target", "status"), STRANGE_TARGETS.values(), ids=STRANGE_TARGETS.keys())
def test_a_strange_target_is_answered_in_the_form_of_errors(
    target: str | bytes, status: int, server: LiveServer
) -> None:
    before = rows(server)
    reply = exchange(server.port, http("POST", target, text()))
    assert_error(reply, status, {401: "unauthorized", 404: "not_found"}[status])
    assert rows(server) == before


def line(start: str | bytes, *headers: str | bytes) -> bytes:
    """A request whose lines are as they stand here."""
    lines = [part if isinstance(part, bytes) else part.encode() for part in (start, *headers)]
    return b"\r\n".join([*lines, b"", b""])


POST = "POST /webhook HTTP/1.1"
NOT_HTTP: dict[str, tuple[bytes, int, str]] = {
    "a request line of 5,000 characters": (
        line(f"POST /webhook/{'x' * 5000} HTTP/1.1"),
        414,
        "too_large",
    ),
    "blanks in the target": (line(f"POST /webhook/{SECRET} x HTTP/1.1"), 400, "malformed_request"),
    "an unknown version": (line("POST /webhook HTTP/9.9"), 400, "malformed_request"),
    "a method in small letters": (line("post /webhook HTTP/1.1"), 400, "malformed_request"),
    "TLS": (
        b"\x16\x03\x01\x02\x00\x01\x00" + bytes(range(200)) + b"\r\n\r\n",
        400,
        "malformed_request",
    ),
    "65 headers": (line(POST, *(f"X-{n}: 1" for n in range(65))), 431, "too_large"),
    "10,000 headers": (line(POST, *(f"X-{n}: 1" for n in range(10_000))), 431, "too_large"),
    "a header of 20 KB": (line(POST, "X: " + "a" * 20_000), 431, "too_large"),
    "a header of 2 MB": (line(POST, "X: " + "a" * 2_000_000), 431, "too_large"),
    "a header without a colon": (line(POST, f"Bearer {API_KEY}"), 400, "malformed_request"),
    "a header name with a blank": (line(POST, "X Y: 1"), 400, "malformed_request"),
    "a folded header": (line(POST, "X: 1", " 2"), 400, "malformed_request"),
    "NUL in a header": (line(POST, "X: \0"), 400, "malformed_request"),
    "a length below zero": (line(POST, "Content-Length: -1"), 400, "malformed_request"),
    "a length of 5,000 digits": (
        line(POST, "Content-Length: " + "1" * 5000),
        400,
        "malformed_request",
    ),
    "a length in other digits": (
        line(POST, "Content-Length: \u0661"),
        400,
        "malformed_request",
    ),
    "two lengths": (
        line(POST, "Content-Length: 0", "Content-Length: 5"),
        400,
        "malformed_request",
    ),
    "a length and chunks": (
        line(POST, "Content-Length: 0", "Transfer-Encoding: chunked"),
        400,
        "malformed_request",
    ),
    "a coding that nobody knows": (
        line(POST, f"Transfer-Encoding: {API_KEY}"),
        400,
        "malformed_request",
    ),
    "chunks that are no chunks": (
        http("POST", "/webhook", b"hello\r\n", [("Transfer-Encoding", "chunked")], length=False),
        400,
        "malformed_request",
    ),
    "an expectation": (line(POST, f"Expect: {SECRET}"), 417, "expectation_failed"),
}


@pytest.mark.parametrize(("request_", "status", "code"), NOT_HTTP.values(), ids=NOT_HTTP.keys())
def test_what_is_not_http_is_answered_in_the_form_of_errors_and_echoes_nothing(
    request_: bytes, status: int, code: str, server: LiveServer
) -> None:
    reply = exchange(server.port, request_)
    assert_error(reply, status, code)
    assert "canary" not in reply.body.decode()


def test_wrong_secrets_are_counted_by_source_and_a_right_one_still_passes(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    server = LiveServer(tmp_path_factory.mktemp("guard"), {"SECRET_RATE_LIMIT": "5 per minute"})
    server.start()
    try:
        with Wire(server.port) as wire:
            statuses = [wire.send(http("POST", "/webhook", text())).status for _ in range(8)]
            assert statuses == [401] * 5 + [429] * 3
            assert_error(wire.send(http("POST", TOKEN + "x")), 429, "too_many_requests")
            assert wire.send(http("POST", TOKEN, text())).status == 202
        assert server.get("/positions").status == 200
        assert server.alert(wait=None, **BUY, id="by the body").status == 202
        with Wire(server.port, source="127.0.0.2") as elsewhere:
            assert_error(elsewhere.send(http("POST", "/webhook", text())), 401, "unauthorized")
        assert rows(server) == 2
    finally:
        server.hang_up()
        server.kill()


def test_the_server_is_well_after_all_of_that(server: LiveServer) -> None:
    assert server.get("/health").status == 200
    assert server.get("/ready").body["status"] == "ready"
    counted: Any = server.get("/metrics").body["text"]
    assert "novalgo_secrets_refused_total" in counted
    assert 'status="5' not in counted


@pytest.mark.parametrize(
    "first",
    [
        http("GET", "/health"),
        http("POST", "/nope", bytes(60_000)),
        http("POST", TOKEN, bytes(70_000)),
        chunked("GET", "/health", bytes(60_000)),
    ],
    ids=["short", "not read", "too large", "chunked"],
)
def test_a_request_on_the_heels_of_another_is_answered_at_once(
    first: bytes, server: LiveServer
) -> None:
    """A proxy that keeps its connections sends the next alert behind whatever came before."""
    with Wire(server.port, seconds=2) as wire:
        wire.send(first + http("POST", TOKEN, text(id="the second one")))
        reply = wire.send(b"")
    assert reply.status in (200, 202), reply


def test_two_thousand_mutated_alerts_are_answered_and_only_trades_are_traded(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    """Memory: 4 MB in 1,500 would be a leak of 2.7 KB a body. SQLite's page cache takes half."""
    server = LiveServer(tmp_path_factory.mktemp("fuzz"))
    server.start()
    try:
        storm(server, warm_up=500, count=1500, most_growth=4)
        assert_no_canary(server, pieces=False)
    finally:
        server.hang_up()
        server.kill()
