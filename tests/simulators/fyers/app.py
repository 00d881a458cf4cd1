"""From a request to its answer: whose it is, how often they ask, which handler."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any, cast
from urllib.parse import unquote

from tests.simulators.faults import Bodies, Fault, Faults, Kind
from tests.simulators.fyers import limits, tokens
from tests.simulators.fyers import refusals as no
from tests.simulators.fyers.accounts import Account
from tests.simulators.fyers.data_routes import DataApi
from tests.simulators.fyers.exchange import Exchange
from tests.simulators.fyers.gtt_routes import GttApi
from tests.simulators.fyers.login import LoginApi
from tests.simulators.fyers.refusals import messages, refused
from tests.simulators.fyers.replies import Handler, Reply, Request
from tests.simulators.fyers.routes import TradingApi
from tests.simulators.fyers.world import World
from tests.simulators.wire import Answer, Asked, Refusal, Wire

BODIES: Bodies = {
    Kind.TOO_MANY: (429, {"s": "error", "code": no.TOO_MANY, "message": "request limit reached"}),
    Kind.ERROR: (500, {"s": "error", "code": -96, "message": "An unexpected error occurred."}),
    Kind.GATEWAY: (504, {"message": "Endpoint request timed out"}),
    Kind.TROUBLE: (
        500,
        {"s": "error", "code": -204, "message": "Connection error. Please try again"},
    ),
    Kind.UNACKNOWLEDGED: (
        200,
        {"s": "ok", "code": 201, "message": "Request submitted. Please check the order book"},
    ),
    Kind.TOKEN: (
        401,
        {
            "s": "error",
            "code": no.EXPIRED,
            "message": "Your token has expired. Please generate a token",
        },
    ),
}
"""What stands in for an answer when something goes wrong on demand."""

_FILES = "/sym_details/"
_DATA = "/data/"
_NOBODY = Account(app_id="", secret="", fy_id="", pin="", totp="")


class App:
    """All the APIs over one world."""

    def __init__(self, world: World, exchange: Exchange, faults: Faults) -> None:
        self._world = world
        self._exchange = exchange
        self._faults = faults
        self._data = DataApi(world)
        self._open = LoginApi(world).routes()
        self._closed: dict[str, Handler] = {
            **TradingApi(world, exchange).routes(),
            **GttApi(world, exchange).routes(),
            **self._data.routes(),
        }
        self.saved: Callable[[], None] = lambda: None

    def now(self) -> datetime:
        """The present there."""
        return self._world.now()

    def note(self, wire: Wire, fault: Fault | None) -> Asked:
        """Remember that something was asked, and what goes wrong with it."""
        kind = fault.kind.value if fault else ""
        asked = Asked(wire.method, unquote(wire.path), wire.named, wire.shown, kind)
        with self._world.lock:
            self._world.requests.append(asked)
        return asked

    def answer(self, wire: Wire, fault: Fault | None = None) -> Answer:
        """Carry out a request."""
        with self._world.lock:
            self._exchange.pass_time()
            asked = self.note(wire, fault)
            try:
                reply = self._reply(wire, fault)
            except Refusal as refusal:
                reply = Reply(refusal.body, status=refusal.status, headers=refusal.headers)
            asked.status = reply.status
            if wire.method != "GET":
                self.saved()
        text = reply.shown if isinstance(reply.shown, str) else json.dumps(reply.shown)
        return Answer(reply.status, text.encode(), reply.media, reply.headers)

    def stand_in(self, wire: Wire, fault: Fault) -> Answer | None:
        """What is answered instead of what a request came to."""
        told = self._faults.answer(fault)
        if told is None:
            return None
        if fault.kind is Kind.TOKEN:
            self._kill_token(wire)
        status, media, body = told
        limited = limits.too_many(fault.seconds).headers if fault.kind is Kind.TOO_MANY else {}
        return Answer(status, body, media, limited)

    def _kill_token(self, wire: Wire) -> None:
        app_id, _, token = wire.headers.get("Authorization", "").partition(":")
        with self._world.lock:
            if app_id in self._world.accounts:
                self._world.accounts[app_id].tokens[token] = 0

    def _reply(self, wire: Wire, fault: Fault | None) -> Reply:
        route = f"{wire.method} {wire.path}"
        file = self._file(wire)
        if file is not None:
            return file
        if route in self._open:
            return self._open[route](_request(_NOBODY, wire, fault))
        handler = self._closed.get(route)
        if handler is None:
            raise refused(no.BAD_INPUT, "No such endpoint", status=404)
        data = wire.path.startswith(_DATA)
        account = tokens.owner_of(self._world, wire.headers.get("Authorization"), data=data)
        self._admit(account, wire)
        return handler(_request(account, wire, fault))

    def _file(self, wire: Wire) -> Reply | None:
        if wire.method != "GET" or not wire.path.startswith(_FILES):
            return None
        return self._data.file(wire.path.removeprefix(_FILES))

    def _admit(self, account: Account, wire: Wire) -> None:
        """How often one may ask, and from where one may order.

        Raises:
            Refusal: too often, or not from there.
        """
        orders = wire.method != "GET" and not wire.path.endswith(("/logout", "/margin", "/quotes"))
        rules = self._world.rules
        if rules.rate_limits:
            limits.count(account, self._world.now(), orders=orders)
        if orders and rules.static_ip and wire.address != rules.static_ip:
            told = f"{messages()[no.NO_PERMISSION]} Orders are taken from your static IP only"
            raise refused(no.NO_PERMISSION, told, status=403)


def _request(account: Account, wire: Wire, fault: Fault | None) -> Request:
    shown, body = wire.shown, dict[str, Any]()
    items: list[dict[str, Any]] = []
    if isinstance(shown, list):
        items = [_object(each) for each in shown]  # pyright: ignore[reportUnknownVariableType]
    elif shown is not None:
        body = _object(shown)
    late = fault.seconds if fault and fault.kind is Kind.LATE else 0.0
    rejected = fault is not None and fault.kind is Kind.REJECTED
    return Request(account, wire.named, body, items, wire.headers, late, rejected)


def _object(shown: Any) -> dict[str, Any]:
    if not isinstance(shown, dict):
        raise refused(no.BAD_INPUT)
    return cast("dict[str, Any]", shown)
