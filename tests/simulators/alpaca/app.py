"""From a request to its answer: whose it is, how often they ask, which handler."""

import json
import re
from collections.abc import Callable
from datetime import datetime
from math import ceil
from typing import Any
from urllib.parse import unquote

from tests.simulators.alpaca.accounts import Account
from tests.simulators.alpaca.data_routes import DataApi
from tests.simulators.alpaca.exchange import Exchange
from tests.simulators.alpaca.refusals import Refusal, not_found
from tests.simulators.alpaca.routes import Handler, Reply, Request, TradingApi
from tests.simulators.alpaca.spec import Spec
from tests.simulators.alpaca.world import World
from tests.simulators.faults import Bodies, Fault, Faults, Kind
from tests.simulators.wire import Answer, Asked, Wire

BODIES: Bodies = {
    Kind.TOO_MANY: (429, {"message": "too many requests."}),
    Kind.ERROR: (500, {"code": 50010000, "message": "internal server error"}),
    Kind.GATEWAY: (504, {"message": "upstream request timeout"}),
}
"""What stands in for an answer when something goes wrong on demand."""

_MINUTE = 60
_KEY, _SECRET = "APCA-API-KEY-ID", "APCA-API-SECRET-KEY"


class App:
    """The two APIs over one world."""

    def __init__(self, world: World, exchange: Exchange, faults: Faults, spec: Spec | None) -> None:
        self._world = world
        self._faults = faults
        self._exchange = exchange
        self._spec = spec
        self._limits: dict[tuple[str, bool], tuple[int, int]] = {}
        handlers = TradingApi(world, exchange).routes() | DataApi(world).routes()
        self._exact = {route: handler for route, handler in handlers.items() if "{" not in route}
        self._patterns = [
            (_pattern(route), route, handler) for route, handler in handlers.items() if "{" in route
        ]
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
        hide_for = fault.seconds if fault and fault.kind is Kind.LATE else 0.0
        with self._world.lock:
            self._exchange.pass_time()
            asked = self.note(wire, fault)
            route, handler, params = self._find(wire.method, wire.path)
            headers: dict[str, str] = {"X-Request-ID": self._world.new_id()}
            try:
                account = self._owner(wire)
                self._count(account, wire, headers)
                body = self._checked(wire, route)
                reply = handler(Request(account, wire.named, body, params, hide_for))
            except Refusal as refusal:
                reply = Reply(refusal.body, status=refusal.status)
            asked.status = reply.status
            text = b"" if reply.shown is None else json.dumps(reply.shown).encode()
            self._check_answer(wire, route, reply)
            if reply.after is not None:
                reply.after()
            if wire.method != "GET":
                self.saved()
        return Answer(reply.status, text, headers=headers)

    def stand_in(self, wire: Wire, fault: Fault) -> Answer | None:
        """What is answered instead of what a request came to."""
        told = self._faults.answer(fault)
        if told is None:
            return None
        status, media, body = told
        limited = fault.kind is Kind.TOO_MANY
        return Answer(status, body, media, self._when_to_try_again(fault) if limited else {})

    def _when_to_try_again(self, fault: Fault) -> dict[str, str]:
        ends = self._world.now().timestamp() + fault.seconds
        return _limits(self._world.rules.rate_limit or 0, 0, ceil(ends))

    def _owner(self, wire: Wire) -> Account:
        return self._world.account_of(wire.headers.get(_KEY), wire.headers.get(_SECRET))

    def _count(self, account: Account, wire: Wire, headers: dict[str, str]) -> None:
        """So many requests a minute, by the world's clock."""
        limit = self._world.rules.rate_limit
        if limit is None:
            return
        minute = int(self._world.now().timestamp()) // _MINUTE
        counter = (account.key, _is_data(wire.path))
        since, count = self._limits.get(counter, (minute, 0))
        count = count + 1 if since == minute else 1
        self._limits[counter] = (minute, count)
        headers |= _limits(limit, max(0, limit - count), (minute + 1) * _MINUTE)
        if count > limit:
            raise Refusal(429, None, "too many requests.")

    def _checked(self, wire: Wire, route: str) -> dict[str, Any]:
        """The body of a request; what of it does not conform is written down."""
        body = _parsed(wire)
        if self._spec is not None and route:
            shown = body if wire.body else None
            told = self._spec.complaints(wire.method, route, wire.named, shown)
            self._world.violations.extend(told)
        return body

    def _check_answer(self, wire: Wire, route: str, reply: Reply) -> None:
        if self._spec is not None and route:
            told = self._spec.complaints_of_answer(wire.method, route, reply.status, reply.shown)
            self._world.wrong_answers.extend(told)

    def route_of(self, method: str, path: str) -> str:
        """The path as the documents write it; empty when nothing is served there."""
        return self._find(method, path)[0]

    def _find(self, method: str, path: str) -> tuple[str, Handler, dict[str, str]]:
        asked = f"{method} {path}"
        if asked in self._exact:
            return path, self._exact[asked], {}
        for pattern, route, handler in self._patterns:
            found = pattern.fullmatch(asked)
            if found:
                params = {name: unquote(value) for name, value in found.groupdict().items()}
                return route.partition(" ")[2], handler, params
        return "", _nothing, {}


def _nothing(request: Request) -> Reply:
    raise not_found("endpoint not found")


def _limits(limit: int, left: int, resets: int) -> dict[str, str]:
    return {
        "X-RateLimit-Limit": str(limit),
        "X-RateLimit-Remaining": str(left),
        "X-RateLimit-Reset": str(resets),
    }


def _is_data(path: str) -> bool:
    return path.startswith(("/v2/stocks/", "/v1beta"))


def _pattern(route: str) -> re.Pattern[str]:
    escaped = re.escape(route).replace(r"\{", "{").replace(r"\}", "}")
    return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", escaped))


def _parsed(wire: Wire) -> dict[str, Any]:
    shown = wire.shown
    if shown is None:
        return {}
    if not isinstance(shown, dict):
        raise Refusal(400, 40010000, "request body format is invalid")
    return shown  # pyright: ignore[reportUnknownVariableType]
