"""A day in one go: alerts of every form and kind, from many traders, through stops and kills."""

import json
import random
import threading
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from decimal import Decimal
from http import HTTPStatus
from http.client import HTTPConnection, HTTPException
from typing import Any, TypeVar

from tests.e2e.books import ENDED, FINAL, NEED_A_REASON, STARTING_CASH, Books, read_books
from tests.e2e.live import SECRET, LiveServer
from tests.e2e.processes import ask, dwindle, not_ended
from tests.reckoning import Lot, Reckoning, Trade, sign_of

Fields = dict[str, Any]
Row = TypeVar("Row", Lot, Trade)

SYMBOLS = [f"DAY{first}{second}" for first in "ABCDEFGH" for second in "KLMNP"]
STRATEGIES = ("trend", "swing", "")
TRADERS = 8
PATIENCE = 30.0
"""Seconds that a body is sent again until somebody takes it."""

MOVES: list[Callable[[random.Random, int], Fields]] = [
    lambda chance, _: {"action": "buy", "quantity": chance.randint(1, 9)},
    lambda chance, _: {"action": "sell", "quantity": chance.randint(1, 9)},
    lambda chance, _: {"action": "buy", "quantity": f"${chance.randint(200, 900)}"},
    lambda chance, price: {
        "action": "buy",
        "quantity": chance.randint(1, 9),
        "order_type": "limit",
        "limit_price": price - 3,
    },
    lambda chance, price: {
        "action": "sell",
        "quantity": chance.randint(1, 9),
        "order_type": "stop",
        "stop_price": price - 3,
    },
    lambda chance, _: {"action": "buy", "quantity": chance.randint(1, 9), "trail": "4%"},
    lambda _chance, _price: {"action": "close"},
    lambda _chance, _price: {"action": "close", "quantity": "50%"},
    lambda _chance, _price: {"action": "reverse"},
    lambda chance, _: {"action": "add", "quantity": chance.randint(1, 3)},
    lambda _chance, _price: {"action": "cancel"},
    lambda chance, _: {"action": "buy", "position_size": chance.randint(-5, 5)},
    lambda _chance, _price: {"action": "sell", "market_position": "flat"},
    lambda _chance, _price: {"action": ""},
    lambda _chance, _price: {"action": "hodl"},
    lambda _chance, _price: {"action": "buy", "quantity": 1, "account": "nobody"},
    lambda _chance, _price: {"action": "buy", "quantity": 1, "stop_loss": "{{plot_0}}"},
]


def an_alert(symbol: str, number: int, chance: random.Random) -> Fields:
    """The next alert of a symbol; half of those that may ask for protection do."""
    price = chance.randint(92, 108)
    move = chance.choice(MOVES)(chance, price)
    alert = {"symbol": symbol, "price": price, "comment": f"{symbol}-{number}", **move}
    if strategy := chance.choice(STRATEGIES):
        alert["strategy"] = strategy
    if "trail" not in alert and "stop_loss" not in alert and chance.random() < 0.5:
        alert |= {"stop_loss": "5%", "take_profit": "8%"}
    return alert


def as_json(alert: Fields) -> str:
    """What a strategy of our how-to sends."""
    return json.dumps(alert)


def as_loose_json(alert: Fields) -> str:
    """The same by hand: single quotes, and a comma too many."""
    return str(alert).removesuffix("}") + ",}"


def as_pairs(alert: Fields) -> str:
    """The same as `name=value` pairs."""
    return "; ".join(f"{name}={value}" for name, value in alert.items())


def as_words(alert: Fields) -> str:
    """What is left of it in words."""
    quantity = alert.get("quantity", 1)
    if alert["action"] in ("buy", "sell") and isinstance(quantity, int):
        return f"{alert['action']} {quantity} {alert['symbol']} @ {alert['price']}"
    return f"close {alert['symbol']}"


def as_array(alert: Fields) -> str:
    """It and a close of the same symbol behind it, in one delivery."""
    close = {"action": "close", "symbol": alert["symbol"], "comment": alert["comment"]}
    return json.dumps([alert, close])


FORMS = (as_json, as_json, as_loose_json, as_pairs, as_words, as_array)


@dataclass(slots=True)
class Day:
    """So many alerts; a server that is stopped and killed so often meanwhile.

    `accounts`: the first is the default; many alerts name several, with shares of their own.
    """

    server: LiveServer
    alerts: int
    restarts: int
    seed: int
    accounts: tuple[str, ...] = ("paper",)
    taken: list[str] = field(default_factory=list[str])
    refused: int = 0
    _left: Iterator[int] = field(init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def __post_init__(self) -> None:
        self._left = iter(range(self.alerts))

    def live(self) -> str:
        """Live it, and hold what is left against a reckoning of its own."""
        with ThreadPoolExecutor(TRADERS) as pool:
            trading = [pool.submit(self._trade, trader) for trader in range(TRADERS)]
            for number in range(self.restarts):
                self._await((number + 1) * self.alerts // (self.restarts + 1))
                self._restart(hard=number % 2 == 1)
            for trader in trading:
                trader.result()
        self.server.await_idle(seconds=300)
        # A leg that made way for a close is owed again some seconds later, and looked after then.
        dwindle(lambda: not_ended(self.server.database), 30, "jobs of a day that is over")
        books = [read_books(self.server.database, account) for account in self.accounts]
        for each in books:
            check(each, self.taken)
        reckonings = {name: reckon(each) for name, each in zip(self.accounts, books, strict=True)}
        check_ledger(self.server, reckonings)
        ends = Counter(alert["status"] for alert in books[0].alerts)
        return (
            f"a day of {self.alerts} deliveries and {self.restarts} restarts, seed {self.seed}:"
            f" {len(books[0].alerts)} alerts {dict(ends)},"
            f" {[len(each.paper_fills) for each in books]} fills,"
            f" {[sum(each.closed.values()) for each in reckonings.values()]} trades"
        )

    def _await(self, taken: int) -> None:
        while len(self.taken) + self.refused < taken:
            time.sleep(0.01)

    def _restart(self, *, hard: bool) -> None:
        if hard:
            self.server.kill()
        else:
            assert self.server.stop() == 0
        self.server.start()

    def _trade(self, trader: int) -> None:
        """One trader has some symbols to himself, so that their alerts come in order."""
        chance = random.Random(f"{self.seed}/{trader}")  # noqa: S311  # to be repeated
        symbols = SYMBOLS[trader::TRADERS]
        while (number := self._next()) is not None:
            alert = an_alert(chance.choice(symbols), number, chance) | self._places(chance)
            status, told = self._send(chance.choice(FORMS)(alert).encode())
            with self._lock:
                if status == HTTPStatus.BAD_REQUEST:
                    self.refused += 1
                self.taken += [element["alert_id"] for element in told.get("alerts", [told])]

    def _places(self, chance: random.Random) -> Fields:
        """On which accounts an alert trades, where there are several."""
        more = [name for name in self.accounts[1:] if chance.random() < 0.5]
        if not more:
            return {}
        shares = [f"{name}*{chance.choice((1, 2, 3))}" for name in more]
        return {"account": ", ".join([*self.accounts[: chance.randint(0, 1)], *shares])}

    def _next(self) -> int | None:
        with self._lock:
            return next(self._left, None)

    def _send(self, body: bytes) -> tuple[int, Mapping[str, Any]]:
        """Deliver a body, again and again while nobody answers or the answer is a 5xx."""
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            connection = HTTPConnection("127.0.0.1", self.server.port, timeout=5)
            try:
                connection.request("POST", f"/webhook/{SECRET}", body)
                answer = connection.getresponse()
                text = answer.read()
            except (OSError, HTTPException):
                time.sleep(0.05)
                continue
            finally:
                connection.close()
            if answer.status < HTTPStatus.INTERNAL_SERVER_ERROR:
                assert answer.status in (200, 202, 400), (answer.status, body, text)
                return answer.status, json.loads(text)
        raise TimeoutError(f"nobody took {body!r}")


def check(books: Books, taken: list[str]) -> None:
    """Every acknowledged alert has ended with a reason; nothing at the broker is doubled."""
    alerts = {alert["id"]: alert for alert in books.alerts}
    assert set(taken) <= set(alerts)
    for alert in books.alerts:
        assert alert["status"] in FINAL - {"failed"}, alert
        assert alert["reason"] or alert["status"] not in NEED_A_REASON, alert
    assert not [job for job in books.jobs if job["state"] != "done"]
    books.journal_and_broker_agree()
    books.no_lane_has_two_live_entries()
    owners = {order["client_order_id"]: order["alert_id"] for order in books.orders}
    entries = Counter(
        owners[order["client_order_id"]] for order in books.paper_orders if order["role"] == "entry"
    )
    assert not [alert for alert, count in entries.items() if count > 1]
    for role in ("stop_loss", "take_profit"):
        working: dict[str, Decimal] = defaultdict(Decimal)
        for leg in books.paper_orders:
            if leg["role"] == role and leg["status"] not in (*ENDED, "new"):
                held = books.positions.get(leg["instrument"], Decimal(0))
                assert held * sign_of(leg) < 0, f"{leg} would open a position ({held})"
                working[leg["instrument"]] += Decimal(leg["quantity"])
        assert all(total <= abs(books.positions[name]) for name, total in working.items()), role


def reckon(books: Books) -> Reckoning:
    """What the broker's fills come to, reckoned independently, in the order of the journal."""
    orders = {order["client_order_id"]: order for order in books.paper_orders}
    place = {fill["client_order_id"]: number for number, fill in enumerate(books.fills)}
    reckoning = Reckoning(STARTING_CASH)
    for fill in sorted(books.paper_fills, key=lambda fill: place[fill["client_order_id"]]):
        order = orders[fill["client_order_id"]]
        change = sign_of(order) * Decimal(fill["quantity"])
        reckoning.fill(order["instrument"], change, Decimal(fill["price"]))
    assert reckoning.positions == books.positions
    assert reckoning.cash == books.cash
    return reckoning


def check_ledger(server: LiveServer, reckonings: Mapping[str, Reckoning]) -> None:
    """The ledger's rows and `/performance` are what the fills come to."""

    def rows(query: str) -> list[tuple[str, ...]]:
        return [tuple(json.loads(row)) for row in ask(server.database, query)]

    trades = Counter(
        ((account, name), Trade(Decimal(units), Decimal(entered), Decimal(left)))
        for account, name, units, entered, left in rows(
            "SELECT json_array(account, instrument, quantity, entry_price, exit_price) FROM trades"
        )
    )
    lots = Counter(
        ((account, name), Lot(Decimal(units), Decimal(price)))
        for account, name, units, price in rows(
            "SELECT json_array(fills.account, open_lots.instrument, open_lots.quantity, price)"
            " FROM open_lots JOIN fills ON fills.id = fill"
        )
    )
    whole = Reckoning(STARTING_CASH)
    for account, reckoning in reckonings.items():
        assert _of(account, trades) == reckoning.closed, account
        assert _of(account, lots) == reckoning.open, account
        for name, closed in reckoning.trades.items():
            whole.trades[name].extend(closed)
    told = server.get("/performance").body
    figures = {row["symbol"]: row for row in told["symbols"]} | {"total": told["total"]}
    for name, reckoned in whole.performance().items():
        assert {key: figures[name][key] for key in reckoned} == reckoned, name


def _of(account: str, rows: Counter[tuple[tuple[str, str], Row]]) -> Counter[tuple[str, Row]]:
    found: Counter[tuple[str, Row]] = Counter()
    for ((whose, name), row), count in rows.items():
        if whose == account:
            found[name, row] += count
    return found
