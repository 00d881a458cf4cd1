"""A storm at Fyers: tags are not unique, books lag, and the token dies now and then."""

import base64
import random
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import count
from typing import Any

import pytest
import requests
from requests import RequestException

from app.engine.order_check import SETTLE_WINDOW
from tests.contracts.fyers import options_of
from tests.e2e.broker_books import Theirs
from tests.e2e.fyers_books import bare, read_theirs
from tests.e2e.live import API_KEY
from tests.e2e.processes import until
from tests.e2e.storm import ACTIONS, BARE_FOR, RATE, RICH, Storm
from tests.simulators.fyers import FyersSimulator, Kind, an_account
from tests.simulators.fyers.instruments import IST, Instrument

LAG = 0.1
"""Seconds after which readers see what happened."""

CALM = {"SBIN": 825, "ITC": 405}
WILD = {"RELIANCE": 1375, "TCS": 3050}
HOME = {"ICICIBANK": 1370, "HDFCBANK": 990}
"""Shares that are taken home. The first is held by GTT orders, the other by nothing."""
UNGUARDED = {"INFY": 1450, "HDFCBANK": 990}
"""Their alerts ask for no stop."""
SHARES = {**CALM, **WILD, **HOME, **UNGUARDED}

CALL, PUT = "NIFTY", "BANKNIFTY"
"""Options: one by its symbol, one by what is wanted of it."""
INDEX, PREMIUM = "NSE:NIFTYBANK-INDEX", 200
LOTS = {CALL: 65, PUT: 30}
MOST_LOTS = 60
"""More than twice what the exchange takes in one order."""

GLANCE = 0.2
"""Seconds after which the person who logs in looks again."""


def simulator(seed: int, **rules: Any) -> FyersSimulator:
    """A simulator whose market is open, and to which nobody has logged in."""
    rules = {"lag": LAG, "partial_rate": RATE} | rules
    fyers = FyersSimulator(accounts=[an_account(start=RICH)], seed=seed, **rules)
    fyers.revoke_tokens()
    fyers.market(is_open=True)
    fyers.quote(INDEX, far_off(fyers, PUT, "PE").strike or PREMIUM)
    fyers.quote(far_off(fyers, PUT, "PE").symbol, PREMIUM)
    fyers.quote(far_off(fyers, CALL, "CE").symbol, PREMIUM)
    return fyers


def skip_at_night(most: timedelta) -> None:
    """No storm goes beyond midnight in India: what is for the day is closed there, by no alert."""
    now = datetime.now(IST)
    if (now + most).date() != now.date():
        pytest.skip("the day in India is nearly over")


def far_off(fyers: FyersSimulator, underlying: str, right: str) -> Instrument:
    """A call or a put whose day of expiry is the last that there is: it outlives the storm."""
    found = [
        (each.expires, each.strike, each.symbol)
        for each in fyers.state.instruments.values()
        if each.underlying == underlying and each.right == right and each.expires and each.strike
    ]
    return fyers.state.instruments[max(found)[-1]]


def settings_of(fyers: FyersSimulator) -> dict[str, str]:
    """What a server needs to trade there.

    The budget of calls is wide open, and the simulator counts none: a hundred kills at the eight
    calls a second that Fyers takes would last for a day. What is over it is tried elsewhere.
    """
    options = options_of(fyers) | {
        "SECRET_ID": fyers.secret,
        "LOGIN_URL": fyers.login_url,
        "SYMBOLS_URL": fyers.symbols_url,
    }
    return {f"FYERS_{name}": value for name, value in options.items()} | {
        "TOKEN_KEY": base64.b64encode(b"k" * 32).decode(),
        "SESSION_POLICY": "always",
        "ORDERS_PER_SECOND": "1000",
    }


@dataclass(slots=True, kw_only=True)
class FyersStorm(Storm):
    """One server, one simulated Fyers, and a person who logs in whenever it is needed."""

    fyers: FyersSimulator
    _logins: "count[int]" = field(default_factory=count)

    @property
    def simulator(self) -> FyersSimulator:
        return self.fyers

    def symbols(self) -> Sequence[str]:
        return [*SHARES, *LOTS]

    def alert(self, symbol: str, number: int, chance: random.Random) -> dict[str, Any]:
        return an_alert(self._wanted(symbol), symbol, number, chance)

    def move(self, chance: random.Random) -> None:
        symbol = chance.choice([*WILD, CALL])
        if symbol == CALL:
            self.fyers.quote(self._call(), PREMIUM * chance.randint(80, 130) // 100)
            return
        price = Decimal(WILD[symbol] * chance.randint(90, 110)) / 100
        self.fyers.quote(f"NSE:{symbol}-EQ", price, price + Decimal("0.10"))

    def orders(self) -> int:
        return len(self.fyers.owner().orders)

    def calls(self) -> int:
        return len(self.fyers.state.requests)

    def bare(self) -> Mapping[str, Decimal]:
        with self.fyers.state.lock:
            return bare(self.fyers.owner(), _symbols(UNGUARDED))

    def theirs(self) -> Theirs:
        return read_theirs(self.fyers, _symbols(UNGUARDED))

    def others(self) -> Sequence[Callable[[], None]]:
        return (self._log_in_again,)

    def rare(self) -> Mapping[Kind, float]:
        """A dead token silences the account, too, until somebody has logged in."""
        return dict.fromkeys([Kind.TOO_MANY, Kind.TOKEN], RATE / 5)

    def bare_for(self) -> float:
        """A stop whose answer was lost is sent again once it is sure that it never came."""
        return BARE_FOR + SETTLE_WINDOW.total_seconds()

    def make_ready(self) -> None:
        until(self._is_logged_in, 120, "the login")
        lists = self.server.data_dir / "symbols" / "current"
        until(lists.exists, 120, "the lists of instruments")

    def _is_logged_in(self) -> bool:
        """Whether the server has a token that is good; if not, log in as a browser would."""
        with suppress(RequestException, KeyError):
            if self._ask("GET", "/token-status")["status"] == "valid":
                return True
            code = f"code-{next(self._logins)}"
            self.fyers.owner().codes.add(code)
            self._ask("POST", "/generate-token", {"auth_code": code})
        return False

    def _ask(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        """A call of the server, which may be dead just now, on a connection of its own."""
        url = f"http://127.0.0.1:{self.server.port}{path}"
        headers = {"Authorization": f"Bearer {API_KEY}"}
        answer = requests.request(method, url, json=body, headers=headers, timeout=10)
        told: dict[str, Any] = answer.json()
        return told

    def _log_in_again(self) -> None:
        while not self._over.wait(GLANCE):
            self._is_logged_in()

    def _wanted(self, symbol: str) -> dict[str, Any]:
        if symbol == CALL:
            return {"symbol": self._call()}
        if symbol == PUT:
            expires = far_off(self.fyers, PUT, "PE").expires
            assert expires is not None
            day = expires.date().isoformat()
            return {"symbol": PUT, "strikeprice": "ATM", "optionType": "PE", "expiry": day}
        return {"symbol": f"NSE:{symbol}"}

    def _call(self) -> str:
        return far_off(self.fyers, CALL, "CE").symbol


def an_alert(
    wanted: Mapping[str, Any], name: str, number: int, chance: random.Random
) -> dict[str, Any]:
    """The next alert of a name."""
    action = chance.choice(ACTIONS)
    token = f"{name}-{number}"
    alert: dict[str, Any] = {**wanted, "account": "fyers", "comment": token, "id": token}
    if name in HOME:
        alert["product_type"] = "CNC"
    if action == "close":
        return alert | {"action": action}
    alert["quantity"] = chance.randint(1, 9)
    if name in LOTS:
        alert["quantity"] = LOTS[name] * chance.randint(1, MOST_LOTS)
    elif name not in UNGUARDED:
        alert |= {"stop_loss": "5%", "take_profit": "8%"}
    if action != "limit":
        return alert | {"action": action}
    price = SHARES.get(name, PREMIUM)
    away = Decimal(price * chance.randint(96, 99) // 100)
    return alert | {"action": "buy", "order_type": "limit", "limit_price": str(away)}


def _symbols(names: Mapping[str, int]) -> set[str]:
    return {f"NSE:{name}-EQ" for name in names}
