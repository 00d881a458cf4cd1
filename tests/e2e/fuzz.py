"""What chance makes of alerts that people really send, and what must have become of it."""

import random
import re
import sqlite3
import statistics
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from app.domain.alert import Action, Alert, AmountUnit
from app.domain.errors import MalformedAlert
from app.domain.instrument import Ticker
from app.web.alert_fields import parse_alert
from app.web.payloads import read_delivery
from tests.data.recorded import message_of, recorded
from tests.e2e.live import SECRET, LiveServer
from tests.e2e.wire import JSON, Reply, Wire, chunked, http

TRADES = (
    '{"action": "buy", "symbol": "#", "quantity": 3, "price": 143.12}',
    '{"side": "long", "ticker": "#", "contracts": "2", "close": "143.12", "stop_loss": "2%"}',
    '{"action": "sell", "symbol": "#", "qty": 1, "price": 10, "take_profit": {"percent": 3}}',
    '[{"action": "buy", "symbol": "#", "quantity": 1, "price": 5}, {"action": "?"}]',
    '[{"action": "sell", "symbol": "#", "qty": 1, "price": 5}, {"action": "close", "symbol": "#"}]',
    '{"action": "buy", "symbol": "#", "qty": "$500", "price": 20, "type": "limit", "tp": 25}',
)
NASTY = [
    *(text.encode() for text in '"{}[],:;=%$ \\\n\0\u2028\u0661'),
    *(b"\\u", b"\\ud800", b"\xff", b"\xef\xbb\xbf", b"[" * 40, b"9" * 50, b"{{x}}"),
    *(b"NaN", b"Infinity", b"-Infinity", b"null", b"true", b"1_0", b"1e999", b"-0"),
    *(b'"secret": 1,', b'"action": "sell",', b'"quantity": 7,'),
    *(b"'", b"//", b"/*", b"@", b"|", b"buy", b"; qty=7", b"\nSELL X", b"\xe2\x80\x9c"),
]
# A message without JSON's brackets: with the secret before it, parted by a semicolon.
TEXTS = (
    "action=buy; symbol=#; quantity=3; price=143.12",
    "side=sell, ticker=#, qty=1, price=10, sl=2%",
    "action=buy\nsymbol=#\nqty=$500\nclose=20",
    "BUY 3 # @ 143.12",
    "sell # 1 at 10",
    "close #",
    "buy | #@20 | a strategy",
    "buy 1 # @ 5\nsell 1 #X @ 5",
)
LOOSE = (
    "{action: buy, symbol: '#', qty: 3, price: 143.12,}",
    "{'side': 'sell', 'ticker': \"#\", 'qty': 1, 'close': 10,} // loosely",
    "[{action: buy, symbol: #, qty: 1, price: 5,}, {action: '?'},]",
    '{"action": "buy", "symbol": "#", "qty": {{contracts}}, "price": 20}',
    "{action: buy, symbol: #, qty: 1, price: 5}\n{action: close, symbol: #}",
)
ANSWERS = (200, 202, 400, 401, 409, 413, 429)
PATIENCE = 3.0
"""Seconds after which TradingView gives up."""


@dataclass(frozen=True, slots=True)
class Shot:
    """One request: its body, and whether the secret is in its URL."""

    body: bytes
    by_url: bool
    request: bytes = field(repr=False)


@dataclass(slots=True)
class Fired:
    """What was answered. `took`: the alerts of each answer, as the parser reads them here."""

    seconds: list[float] = field(default_factory=list[float])
    statuses: Counter[int] = field(default_factory=Counter[int])
    took: dict[str, Alert | None] = field(default_factory=dict[str, Alert | None])

    def __str__(self) -> str:
        spread = statistics.quantiles(self.seconds, n=1000)
        return (
            f"{len(self.seconds)} bodies: {dict(sorted(self.statuses.items()))}; answered in"
            f" p50 {spread[499] * 1000:.1f} ms, p99.9 {spread[998] * 1000:.1f} ms,"
            f" worst {max(self.seconds) * 1000:.1f} ms"
        )


def storm(server: LiveServer, *, warm_up: int, count: int, most_growth: float) -> None:
    """Fire at a server and hold its answers, its memory and its books against what must be.

    `most_growth`: MB of memory that it may take between the end of the warm-up and the last shot.
    """
    fired, each, worker = Fired(), shots(warm_up + count, seed=7), server.worker_pid()
    fire(server, islice(each, warm_up), fired)
    before = anonymous_memory(worker)
    fire(server, each, fired)
    growth = (anonymous_memory(worker) - before) / 1e6
    server.await_idle()
    print(f"\n{fired}; memory grew by {growth:.2f} MB in {count}; {check_books(server, fired)}")
    assert server.worker_pid() == worker
    assert max(fired.seconds) < PATIENCE
    assert growth < most_growth


def shots(count: int, seed: int) -> Iterator[Shot]:
    """Mutated alerts, and a few random bytes; always the same ones."""
    chance = random.Random(seed)  # noqa: S311  # to be repeated
    recorded = corpus()
    for number in range(count):
        forms = (TRADES, TEXTS, LOOSE)[number // 3 % 3] if number % 3 == 0 else recorded
        text = chance.choice(forms).replace("#", f"S{number}")
        by_url = chance.random() < 0.5
        body = text.encode() if by_url else with_secret(text).encode()
        if number % 10 == 9:
            body = chance.randbytes(chance.randrange(2000))
        for _ in range(chance.choice((0, 1, 1, 1, 2, 4, 8))):
            body = mutated(body, chance)
        yield Shot(body, by_url, _request(body, chance, by_url=by_url))


def corpus() -> list[str]:
    """The recorded payloads, with and without their placeholders."""
    return [*recorded().values(), *(message_of(number).decode() for number in recorded())]


def with_secret(text: str) -> str:
    """The text with the secret of the tests in it, as JSON where it is JSON."""
    start = text.find("{")
    if start < 0:
        return f"secret={SECRET};{text}"
    return f'{text[: start + 1]}"secret": "{SECRET}", {text[start + 1 :]}'


def mutated(body: bytes, chance: random.Random) -> bytes:
    """The body with one change."""
    return chance.choice(MUTATIONS)(bytearray(body or b"{}"), chance)


def _other_byte(body: bytearray, chance: random.Random) -> bytes:
    body[chance.randrange(len(body))] = chance.randrange(256)
    return bytes(body)


def _cut(body: bytearray, chance: random.Random) -> bytes:
    place = chance.randrange(len(body))
    del body[place : place + chance.randint(1, 12)]
    return bytes(body)


def _doubled(body: bytearray, chance: random.Random) -> bytes:
    place = chance.randrange(len(body))
    body[place:place] = body[place : place + chance.randint(1, 60)]
    return bytes(body)


def _nasty(body: bytearray, chance: random.Random) -> bytes:
    place = chance.randrange(len(body))
    body[place:place] = chance.choice(NASTY)
    return bytes(body)


def _other_value(body: bytearray, chance: random.Random) -> bytes:
    values = list(re.finditer(rb":\s*(\"[^\"]*\"|[\w.+-]+)", body))
    if values:
        value = chance.choice(values)
        body[value.start(1) : value.end(1)] = chance.choice(NASTY)
    return bytes(body)


def _truncated(body: bytearray, chance: random.Random) -> bytes:
    return bytes(body[: chance.randrange(len(body))])


MUTATIONS: Sequence[Callable[[bytearray, random.Random], bytes]] = (
    _other_byte,
    _other_byte,
    _cut,
    _doubled,
    _nasty,
    _nasty,
    _other_value,
    _other_value,
    _truncated,
)


def _request(body: bytes, chance: random.Random, *, by_url: bool) -> bytes:
    target = f"/webhook/{SECRET}" if by_url else "/webhook"
    if chance.random() < 0.1:
        return chunked("POST", target, body, size=chance.randint(1, 500))
    kinds = ("text/plain", JSON, "application/x-www-form-urlencoded", "multipart/form-data", "\xff")
    return http("POST", target, body, [("Content-Type", chance.choice(kinds))])


def fire(server: LiveServer, each: Iterator[Shot], fired: Fired) -> None:
    """Send each shot, one after the other, and check its answer."""
    with Wire(server.port) as wire:
        for shot in each:
            began = time.perf_counter()
            reply = wire.send(shot.request)
            fired.seconds.append(time.perf_counter() - began)
            fired.statuses[reply.status] += 1
            assert reply.status in ANSWERS, (shot.body, reply)
            _check(shot, reply, fired)


def _check(shot: Shot, reply: Reply, fired: Fired) -> None:
    """The answer is the one that the parser's reading asks for, alert by alert."""
    delivery = read_delivery(shot.body)
    if not shot.by_url and SECRET not in delivery.presented:
        assert reply.json()["code"] in ("unauthorized", "too_many_requests"), (shot.body, reply)
        return
    read = [_alert(element) for element in delivery.elements] or [None]
    answer = reply.json()
    if all(alert is None for alert in read):
        assert (reply.status, answer["code"]) == (400, "malformed_alert"), shot.body
    told = answer.get("alerts", [answer])
    if len(told) < len(read):
        # Several, none of them understood: the answer names the first.
        assert read == [None] * len(read), shot.body
        return
    for alert, each in zip(read, told, strict=True):
        assert (alert is None) == (each.get("code") == "malformed_alert"), (shot.body, each)
        if each.get("code") != "conflicting_alert" and not each.get("duplicate"):
            fired.took[each["alert_id"]] = alert


def _alert(element: dict[str, object] | MalformedAlert) -> Alert | None:
    if isinstance(element, MalformedAlert):
        return None
    try:
        return parse_alert(element, now=datetime.now(UTC))
    except MalformedAlert:
        return None


def is_trade(alert: Alert | None) -> bool:
    """Whether the parser calls it a trade: it names a side and an instrument."""
    return alert is not None and alert.action is not None and bool(Ticker.parse(alert.symbol).name)


def check_books(server: LiveServer, fired: Fired) -> str:
    """No alert was worked on that is none, and no order says other than its alert."""
    with closing(sqlite3.connect(f"file:{server.database}?mode=ro", uri=True)) as database:
        jobs = {str(id_) for (id_,) in database.execute("SELECT alert_id FROM jobs")}
        orders = database.execute(
            "SELECT alert_id, role, side, instrument, quantity FROM orders WHERE parent IS NULL"
        ).fetchall()
    trades = {id_ for id_, alert in fired.took.items() if is_trade(alert)}
    assert jobs == trades, (len(jobs), len(trades), sorted(jobs ^ trades)[:5])
    assert {id_ for id_, *_ in orders} <= trades
    entries = Counter(id_ for id_, role, *_ in orders if role == "entry")
    assert max(entries.values(), default=0) <= 1
    for id_, role, side, instrument, quantity in orders:
        alert = fired.took[id_]
        assert alert is not None
        assert instrument == Ticker.parse(alert.symbol, alert.exchange).key, alert
        if role == "entry":
            _check_entry(alert, side, quantity)
    return (
        f"{len(fired.took)} alerts kept, {len(trades)} trades by the parser, {len(orders)} orders"
    )


def _check_entry(alert: Alert, side: str, quantity: str) -> None:
    assert not alert.only_reduces, alert
    if alert.action is Action.BUY or alert.action is Action.SELL:
        assert side == alert.action.value, alert
    if alert.quantity is not None and alert.quantity.unit is AmountUnit.UNITS:
        assert float(quantity) <= float(alert.quantity.value), (alert, quantity)


def anonymous_memory(pid: int) -> int:
    """The bytes that a process has for itself: no file, nothing shared."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("RssAnon:")[1].split()[0]) * 1024
