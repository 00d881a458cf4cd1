"""The simulator as a process of its own: its settings, its calls over HTTP, its state in a file."""

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

ROOT = Path(__file__).parents[4]


class Process:
    """`python -m tests.simulators.alpaca`."""

    def __init__(self, *arguments: str) -> None:
        command = [sys.executable, "-m", "tests.simulators.alpaca", "--port", "0", *arguments]
        self._process = subprocess.Popen(  # noqa: S603 (it is ours)
            command, cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        lines = [self._process.stdout.readline().strip() for _ in range(5)]
        self.settings = dict(line.split("=", 1) for line in lines)
        self.url = self.settings["ALPACA_BASE_URL"]
        self._session = requests.Session()
        self._session.headers["APCA-API-KEY-ID"] = self.settings["ALPACA_API_KEY"]
        self._session.headers["APCA-API-SECRET-KEY"] = self.settings["ALPACA_SECRET_KEY"]

    def ask(self, method: str, path: str, body: Any = None) -> requests.Response:
        """Ask the trading API."""
        return self._session.request(method, self.url + path, json=body, timeout=20)

    def buy(self, name: str) -> requests.Response:
        """Buy a share."""
        body = {"symbol": "AAPL", "qty": "1", "side": "buy", "type": "market"}
        more = {"time_in_force": "day", "client_order_id": name}
        return self.ask("POST", "/v2/orders", body | more)

    def call(self, name: str, **given: Any) -> Any:
        """Make a call of the simulator."""
        answer = self._session.post(f"{self.url}/_sim/{name}", json=given, timeout=20)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def end(self, *, kill: bool = False) -> int:
        """Stop it, or kill it."""
        self._session.close()
        self._process.kill() if kill else self._process.terminate()
        code = self._process.wait(20)
        assert self._process.stdout is not None
        self._process.stdout.close()
        return code


@pytest.fixture
def start() -> Iterator[Callable[..., Process]]:
    started: list[Process] = []

    def starter(*arguments: str) -> Process:
        started.append(Process(*arguments))
        return started[-1]

    yield starter
    for process in started:
        process.end(kill=True)


def test_it_prints_its_settings_and_ends_when_it_is_told_to(
    start: Callable[..., Process],
) -> None:
    process = start()
    assert set(process.settings) == {
        "ALPACA_API_KEY",
        "ALPACA_SECRET_KEY",
        "ALPACA_BASE_URL",
        "ALPACA_DATA_URL",
        "ALPACA_STREAM_URL",
    }
    assert process.ask("GET", "/v2/clock").json()["is_open"] is True
    assert process.end() == 0


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
    process = start("--market", "calendar")
    process.call("market", is_open=True)
    process.call("add_asset", symbol="NEW", price="12.5", fractionable=False)
    process.call("quote", symbol="NEW", bid="12.4", ask="12.6", size=3)
    traded = process.call("trade", symbol="NEW", side="buy", qty=5, price="12")
    assert (traded["status"], traded["filled_avg_price"]) == ("filled", "12")
    process.call("transfer", symbol="F", qty=7, price="10")
    process.call("hold", symbol="AAPL")
    process.buy("held")
    assert process.call("fill", order="held", qty="1")["status"] == "filled"
    process.call("release", symbol="AAPL")
    process.call("let_cancels_through")
    body = {"symbol": "F", "qty": "1", "side": "sell", "type": "market", "time_in_force": "day"}
    assert process.call("place", body=body)["symbol"] == "F"
    positions = process.call("state")["positions"]
    assert {each["symbol"] for each in positions} == {"NEW", "AAPL", "F"}


def test_the_rest_is_run_over_http(start: Callable[..., Process]) -> None:
    process = start("--strict", "--rate-limit", "0")
    assert process.call("rules", partial_rate=0.5)["partial_rate"] == 0.5
    assert process.call("account", trading_blocked=True)["trading_blocked"] is True
    assert process.buy("blocked").status_code == 403
    process.call("account", trading_blocked=False)
    process.call("fault", kind="error", route="POST *")
    assert process.buy("failed").status_code == 500
    process.call("fault", kind="html", times=None)
    process.call("stream_fault", kind="lose", times=2)
    process.call("clear_faults")
    process.call("silence_stream", silent=True)
    process.call("drop_stream")
    before = process.ask("GET", "/v2/clock").json()["timestamp"]
    process.call("advance", seconds=86_400)
    assert process.ask("GET", "/v2/clock").json()["timestamp"] > before[:10] + "T24"
    shown = process.call("state")
    assert [kind for kind, _ in shown["faults"]] == ["error"]
    assert shown["violations"] == []
    assert process.ask("POST", "/_sim/nothing").status_code == 400
    assert process.ask("POST", "/_sim/place", {"body": {"symbol": "NOPE"}}).status_code == 422


def test_a_process_can_be_away_for_a_while(start: Callable[..., Process]) -> None:
    process = start("--rate-limit", "0")
    assert process.call("state")["absences"] == 0
    process.call("unreachable", seconds=0.1)
    ends = time.monotonic() + 20
    while absences(process) < 1:
        assert time.monotonic() < ends
    assert process.ask("GET", "/v2/account").ok


def absences(process: Process) -> int:
    try:
        return int(process.call("state")["absences"])
    except requests.ConnectionError:
        return 0
