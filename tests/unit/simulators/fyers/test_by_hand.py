"""The simulator as a process of its own: its settings, its calls over HTTP, its state in a file."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import requests

from tests.unit.simulators import process
from tests.unit.simulators.fyers.desk import AN_ORDER, SBIN, TRADED

ORDERS, PLACE = "/api/v3/orders", "/api/v3/orders/sync"


class Process(process.Process):
    """`python -m tests.simulators.fyers`."""

    def __init__(self, *arguments: str) -> None:
        super().__init__("fyers", 12, *arguments)
        self.url = self.settings["FYERS_API_URL"].removesuffix("/api/v3")
        self.log_in(self.lines[-1].removeprefix("# token: "))

    def log_in(self, token: str) -> None:
        """Go on with another token."""
        self.session.headers["Authorization"] = f"{self.settings['FYERS_APP_ID']}:{token}"

    def buy(self, tag: str) -> requests.Response:
        """Buy ten shares."""
        return self.ask("POST", PLACE, AN_ORDER | {"orderTag": tag})


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
        "FYERS_APP_ID",
        "FYERS_SECRET_ID",
        "FYERS_REDIRECT_URI",
        "FYERS_PIN",
        "FYERS_USER_ID",
        "FYERS_TOTP_SECRET",
        "FYERS_API_URL",
        "FYERS_DATA_URL",
        "FYERS_LOGIN_URL",
        "FYERS_STREAM_URL",
        "FYERS_SYMBOLS_URL",
    }
    assert made.ask("GET", "/api/v3/profile").json()["data"]["fy_id"] == "XS00001"
    assert made.end() == 0


def test_its_books_survive_a_kill(start: Callable[..., Process], tmp_path: Path) -> None:
    kept = ("--state", str(tmp_path / "books"), "--seed", "1")
    first = start(*kept)
    placed = first.buy("MINE").json()["id"]
    first.call("quote", symbol=SBIN, bid="830")
    first.end(kill=True)
    second = start(*kept)
    [row] = second.ask("GET", f"{ORDERS}?order_tag=1:MINE").json()["orderBook"]
    assert (row["id"], row["status"], row["lp"]) == (placed, TRADED, 830)
    assert second.buy("MINE").json()["id"] not in (placed, None)


def test_its_market_is_run_over_http(start: Callable[..., Process]) -> None:
    made = start("--market", "calendar")
    made.call("market", is_open=True)
    made.call("quote", symbol="NSE:ITC-EQ", bid="400", ask="400.1", size=3)
    traded = made.call("trade", symbol="NSE:ITC-EQ", side="buy", qty=5, product="CNC", price="399")
    assert (traded["status"], traded["tradedPrice"]) == (TRADED, 399)
    made.call("transfer", symbol="NSE:TCS-EQ", qty=7, price="3000")
    made.call("hold", symbol=SBIN)
    made.buy("HELD")
    assert made.call("fill", order="HELD", qty=4)["filledQty"] == 4
    made.call("release", symbol=SBIN)
    assert made.call("place", body=AN_ORDER | {"side": -1})["side"] == -1
    made.call("night")
    held = {row["symbol"] for row in made.call("state")["holdings"]}
    assert held == {"NSE:ITC-EQ", "NSE:TCS-EQ"}


def test_the_rest_is_run_over_http(start: Callable[..., Process]) -> None:
    made = start("--no-rate-limits", "--no-market-protection", "--lag", "0.5")
    assert made.call("rules", lag=0)["market_protection"] is False
    made.call("money", cash=0)
    assert made.buy("POOR").json()["code"] == -99
    made.call("money", cash=100_000)
    made.call("edis", authorised=False)
    made.call("fault", kind="error", route="POST *")
    assert made.buy("FAILED").status_code == 500
    made.call("fault", kind="html", times=None)
    made.call("stream_fault", kind="lose", times=2)
    made.call("clear_faults")
    made.call("silence_stream", silent=True)
    made.call("drop_stream")
    made.call("expire_tokens")
    assert made.buy("TOO LATE").json()["code"] == -8
    made.log_in(made.call("login"))
    assert made.buy("MINE").ok
    made.call("revoke_tokens")
    assert made.ask("GET", ORDERS).json()["code"] == -17
    made.call("advance", seconds=86_400)
    made.call("redate")
    shown = made.call("state")
    assert [kind for kind, _ in shown["faults"]] == ["error"]
    assert made.ask("POST", "/_sim/nothing").status_code == 400
    assert made.ask("POST", "/_sim/place", {"body": {"symbol": "NOPE"}}).status_code == 400


def test_several_accounts_are_named(start: Callable[..., Process]) -> None:
    made = start("--account", "ONE-100:a", "--account", "TWO-100:b", "--cash", "5000")
    made.call("trade", symbol=SBIN, side="buy", qty=1, app_id="TWO-100")
    assert made.call("state")["positions"] == []
    assert made.call("state", app_id="TWO-100")["positions"][0]["netQty"] == 1


def test_a_process_can_be_away_for_a_while(start: Callable[..., Process]) -> None:
    made = start()
    made.call("unreachable", seconds=0.1)
    made.wait_until_it_is_back()
    assert made.ask("GET", "/api/v3/profile").ok
