"""The way to Alpaca: who waits for it to be loaded, and for how long it is left alone."""

import threading
from datetime import timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING, Any, cast

import pytest

from app.adapters.brokers import Resources
from app.adapters.brokers.alpaca.calls import Calls
from app.adapters.brokers.alpaca.options import AlpacaOptions, read_options
from app.adapters.brokers.alpaca.wire import Doors, Wire
from app.adapters.brokers.pauses import Pause, pause_of
from app.domain.errors import BrokerUnavailable, ConfigError
from tests.fakes.addresses import AddressPages
from tests.fakes.budget import NoLimit
from tests.fakes.clock import START, FakeClock

if TYPE_CHECKING:
    from app.adapters.sql import Database

OPTIONS = {
    "API_KEY": "key",
    "SECRET_KEY": "hush",
    "BASE_URL": "https://paper-api.alpaca.markets",
    "DATA_URL": "https://data.alpaca.markets",
    "STREAM_URL": "",
}


def calls() -> Calls:
    """Of which there are enough."""
    resources = Resources(
        database=cast("Database", None),
        clock=FakeClock(),
        addresses=AddressPages(),
        budgets=NoLimit(),
    )
    return Calls("alpaca", options(), resources)


class OneDoor:
    """A door that answers everything with its account."""

    def call(self, *_: Any) -> Any:
        return {"cash": "1"}

    def close(self) -> None:
        """Nothing is open."""


class SlowToLoad(Wire):
    """alpaca-py takes as long as a test wants it to."""

    def __init__(self) -> None:
        super().__init__(options(), FakeClock(), calls())
        self.begun, self.may_end = threading.Event(), threading.Event()

    def _open(self) -> Doors:
        self.begun.set()
        assert self.may_end.wait(20)
        door: Any = OneDoor()
        return Doors(door, door)


def test_nobody_waits_for_what_loads_in_the_background() -> None:
    wire = SlowToLoad()
    loading = threading.Thread(target=wire.load)
    loading.start()
    assert wire.begun.wait(20)
    with pytest.raises(BrokerUnavailable, match="being loaded"):
        wire.get("/account")

    wire.may_end.set()
    loading.join()
    assert wire.get("/account") == {"cash": "1"}


def test_a_command_waits_for_its_first_call() -> None:
    wire = SlowToLoad()
    wire.may_end.set()
    assert wire.get("/account") == {"cash": "1"}


DATE = format_datetime(START + timedelta(seconds=5), usegmt=True)
RESET = str(int(START.timestamp()) + 25)


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({}, 3),
        ({"Retry-After": "7"}, 7),
        ({"X-RateLimit-Reset": RESET}, 25),
        ({"X-RateLimit-Reset": RESET, "Date": DATE}, 20),
        ({"X-RateLimit-Reset": "1"}, 1),
        ({"Retry-After": "86400"}, 60),
        ({"Retry-After": "soon", "X-RateLimit-Reset": "later"}, 3),
    ],
)
def test_the_reset_of_too_many_calls_is_honoured_within_reason(
    headers: dict[str, str], seconds: float
) -> None:
    assert pause_of(headers, START) == seconds


def test_only_too_many_calls_make_a_pause() -> None:
    clock = FakeClock()
    pause = Pause(clock)
    for status in (200, 403, 500):
        pause.hear(status, {"Retry-After": "9"})
    pause.check()

    pause.hear(429, {"Retry-After": "9"})
    with pytest.raises(BrokerUnavailable, match="none for another 9 s"):
        pause.check()
    clock.advance(9)
    pause.check()


def options(**given: str) -> AlpacaOptions:
    return read_options("alpaca", OPTIONS | given)


@pytest.mark.parametrize(
    ("given", "trading", "stream"),
    [
        ({}, "https://paper-api.alpaca.markets", "wss://paper-api.alpaca.markets/stream"),
        (
            {"BASE_URL": "https://api.alpaca.markets/v2/"},
            "https://api.alpaca.markets",
            "wss://api.alpaca.markets/stream",
        ),
        (
            {"BASE_URL": "http://127.0.0.1:9041", "STREAM_URL": "ws://127.0.0.1:9042/stream"},
            "http://127.0.0.1:9041",
            "ws://127.0.0.1:9042/stream",
        ),
    ],
)
def test_the_stream_is_where_the_orders_go_unless_told_otherwise(
    given: dict[str, str], trading: str, stream: str
) -> None:
    found = options(**given)
    assert (found.trading_host, found.stream) == (trading, stream)


@pytest.mark.parametrize("missing", ["API_KEY", "SECRET_KEY"])
def test_an_account_without_a_key_stops_the_start(missing: str) -> None:
    with pytest.raises(ConfigError, match=f"US_{missing} is not set"):
        read_options("us", OPTIONS | {missing: " "})


def test_printing_the_options_shows_no_secret() -> None:
    assert "hush" not in repr(options())


class NotInstalled(Wire):
    """alpaca-py is not there, or lacks what it needs."""

    tries = 0

    def _open(self) -> Doors:
        self.tries += 1
        raise ModuleNotFoundError("No module named 'pandas'")


def test_what_cannot_be_imported_is_a_broker_that_is_away_and_is_tried_once() -> None:
    wire = NotInstalled(options(), FakeClock(), calls())
    for call in (wire.load, lambda: wire.get("/account"), lambda: wire.write("POST", "/orders")):
        with pytest.raises(BrokerUnavailable, match=r"cannot be loaded: .*'pandas'"):
            call()
    assert wire.tries == 1
