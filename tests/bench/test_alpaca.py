"""What Alpaca costs: the way of an alert to its socket, the SDK's share, memory, start."""

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from time import perf_counter_ns, sleep
from typing import Any

import pytest
import requests
from alpaca.trading.client import TradingClient

from tests.bench.brokers import Stamped, note_the_way, round_trips
from tests.bench.conftest import BenchServer
from tests.bench.figures import Board, percentile
from tests.bench.load import Load
from tests.bench.test_life import seconds_to_start
from tests.simulators.alpaca import AlpacaSimulator

pytestmark = pytest.mark.bench

GAP = 0.05
"""20 alerts a second."""
SYMBOLS = ("AAPL", "MSFT", "NVDA", "TSLA", "SPY", "F")


@pytest.fixture
def alpaca() -> Iterator[AlpacaSimulator]:
    with AlpacaSimulator(rate_limit=None) as simulator:
        simulator.market(is_open=True)
        yield simulator


def serve(folder: Path, alpaca: AlpacaSimulator) -> tuple[BenchServer, float]:
    """A server that trades there, once it does; and how long it took to its first answer."""
    settings = {
        "ALPACA_API_KEY": alpaca.key,
        "ALPACA_SECRET_KEY": alpaca.secret,
        "ALPACA_BASE_URL": alpaca.trading_url,
        "ALPACA_DATA_URL": alpaca.data_url,
        "ALPACA_STREAM_URL": alpaca.stream_url,
        "ALPACA_SESSION_POLICY": "always",
        "ORDERS_PER_SECOND": "1000",
        "LOG_LEVEL": "WARNING",
    }
    server = BenchServer(folder, settings)
    seconds = seconds_to_start(server)
    while not alpaca.state.requests:
        sleep(0.05)
    return server, seconds


def test_an_alert_is_at_alpaca_soon(
    tmp_path: Path, alpaca: AlpacaSimulator, board: Board, *, short: bool
) -> None:
    alpaca.state.requests = stamped = Stamped("client_order_id")
    for symbol in SYMBOLS:
        alpaca.quote(symbol, 10)
    server, seconds = serve(tmp_path / "server", alpaca)
    try:
        board.note("start with an Alpaca account", seconds, "s", at_most=1.5)
        bodies = round_trips(SYMBOLS, account="alpaca")
        load = Load(port=server.port, bodies=bodies, count=120 if short else 600, pause=GAP)
        note_the_way(board, server, stamped, "alpaca", load)
    finally:
        server.stop()


def test_the_sdk_has_a_share_of_it(alpaca: AlpacaSimulator, board: Board) -> None:
    alpaca.quote("AAPL", 10)
    client: Any = TradingClient(
        alpaca.key, alpaca.secret, raw_data=True, url_override=alpaca.trading_url
    )
    order: Callable[[str, dict[str, str]], object] = client.post
    plain = requests.Session()
    plain.trust_env = False
    keys = {"APCA-API-KEY-ID": alpaca.key, "APCA-API-SECRET-KEY": alpaca.secret}
    url, number = f"{alpaca.trading_url}/v2/orders", count()

    def body() -> dict[str, str]:
        terms = {"symbol": "AAPL", "qty": "1", "side": "buy", "type": "market"}
        return {**terms, "time_in_force": "day", "client_order_id": f"bench{next(number)}"}

    bare = timed(lambda: plain.post(url, json=body(), headers=keys, timeout=10).raise_for_status())
    through = timed(lambda: order("/orders", body()))
    board.note("an order to Alpaca's socket and back, plain, p50", percentile(bare, 50), "ms")
    board.note("the same through the SDK, p50", percentile(through, 50), "ms")
    assert percentile(through, 50) < 1000


def timed(call: Callable[[], object]) -> list[float]:
    """Milliseconds of each of some calls."""
    found = list[float]()
    for _ in range(100):
        begin = perf_counter_ns()
        call()
        found.append((perf_counter_ns() - begin) / 1e6)
    return found
