"""The simulator as a process of its own: its settings, its calls over HTTP, its state in a file."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from tests.unit.simulators import process


class Process(process.Process):
    """`python -m tests.simulators.alpaca`."""

    def __init__(self, *arguments: str) -> None:
        super().__init__("alpaca", 5, *arguments)
        self.url = self.settings["ALPACA_BASE_URL"]
        self.session.headers["APCA-API-KEY-ID"] = self.settings["ALPACA_API_KEY"]
        self.session.headers["APCA-API-SECRET-KEY"] = self.settings["ALPACA_SECRET_KEY"]

    def buy(self, name: str) -> requests.Response:
        """Buy a share."""
        body = {"symbol": "AAPL", "qty": "1", "side": "buy", "type": "market"}
        more = {"time_in_force": "day", "client_order_id": name}
        return self.ask("POST", "/v2/orders", body | more)


@pytest.fixture
def start() -> Iterator[Callable[..., Process]]:
    started: list[Process] = []

    def starter(*arguments: str) -> Process:
        started.append(Process(*arguments))
        return started[-1]

    yield starter
    for each in started:
        each.end(kill=True)


def test_it_prints_its_settings_and_ends_when_it_is_told_to(
    start: Callable[..., Process],
) -> None:
    made = start()
    assert set(made.settings) == {
        "ALPACA_API_KEY",
        "ALPACA_SECRET_KEY",
        "ALPACA_BASE_URL",
        "ALPACA_DATA_URL",
        "ALPACA_STREAM_URL",
    }
    assert made.ask("GET", "/v2/clock").json()["is_open"] is True
    assert made.end() == 0


def test_its_books_survive_a_kill(start: Callable[..., Process], tmp_path: Path) -> None:
    kept = ("--state", str(tmp_path / "books"))
    first = start(*kept)
    placed = first.buy("mine").json()
    first.call("quote", symbol="AAPL", bid="191")
    first.end(kill=True)
    second = start(*kept)
    assert second.ask("GET", f"/v2/orders/{placed['id']}").json()["status"] == "filled"
    assert second.ask("GET", "/v2/positions/AAPL").json()["current_price"] == "191"
    assert second.buy("mine").json()["message"] == "client_order_id must be unique"
    assert second.buy("other").json()["id"] != placed["id"]


def test_its_ids_go_on_where_they_were(start: Callable[..., Process], tmp_path: Path) -> None:
    same = ("--state", str(tmp_path / "books"), "--seed", "1")
    first = start(*same)
    placed = first.buy("mine").json()
    first.end()
    assert start(*same).buy("other").json()["id"] != placed["id"]


def test_the_market_is_run_over_http(start: Callable[..., Process]) -> None:
    made = start("--market", "calendar")
    made.call("market", is_open=True)
    made.call("add_asset", symbol="NEW", price="12.5", fractionable=False)
    made.call("quote", symbol="NEW", bid="12.4", ask="12.6", size=3)
    traded = made.call("trade", symbol="NEW", side="buy", qty=5, price="12")
    assert (traded["status"], traded["filled_avg_price"]) == ("filled", "12")
    made.call("transfer", symbol="F", qty=7, price="10")
    made.call("hold", symbol="AAPL")
    made.buy("held")
    assert made.call("fill", order="held", qty="1")["status"] == "filled"
    made.call("release", symbol="AAPL")
    made.call("let_cancels_through")
    body = {"symbol": "F", "qty": "1", "side": "sell", "type": "market", "time_in_force": "day"}
    assert made.call("place", body=body)["symbol"] == "F"
    positions = made.call("state")["positions"]
    assert {each["symbol"] for each in positions} == {"NEW", "AAPL", "F"}


def test_the_rest_is_run_over_http(start: Callable[..., Process]) -> None:
    made = start("--strict", "--rate-limit", "0")
    assert made.call("rules", partial_rate=0.5)["partial_rate"] == 0.5
    assert made.call("account", trading_blocked=True)["trading_blocked"] is True
    assert made.buy("blocked").status_code == 403
    made.call("account", trading_blocked=False)
    made.call("fault", kind="error", route="POST *")
    assert made.buy("failed").status_code == 500
    made.call("fault", kind="html", times=None)
    made.call("stream_fault", kind="lose", times=2)
    made.call("clear_faults")
    made.call("silence_stream", silent=True)
    made.call("drop_stream")
    before = made.ask("GET", "/v2/clock").json()["timestamp"]
    made.call("advance", seconds=86_400)
    assert made.ask("GET", "/v2/clock").json()["timestamp"] > before[:10] + "T24"
    shown = made.call("state")
    assert [kind for kind, _ in shown["faults"]] == ["error"]
    assert shown["violations"] == []
    assert made.ask("POST", "/_sim/nothing").status_code == 400
    assert made.ask("POST", "/_sim/place", {"body": {"symbol": "NOPE"}}).status_code == 422


def test_a_process_can_be_away_for_a_while(start: Callable[..., Process]) -> None:
    made = start("--rate-limit", "0")
    assert made.call("state")["absences"] == 0
    made.call("unreachable", seconds=0.1)
    made.wait_until_it_is_back()
    assert made.ask("GET", "/v2/account").ok
