"""Servers to measure, and the table of what was measured."""

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from http.client import HTTPConnection
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.bench.figures import Board
from tests.bench.load import Load, Shot, fire
from tests.e2e.live import SECRET, LiveServer

BOARD = pytest.StashKey[Board]()
SYMBOLS = 40


class BenchServer(LiveServer):
    """A live server that also closes its own client's connection."""

    def stop(self) -> int:
        """SIGTERM; the exit code."""
        code = super().stop()
        connection: HTTPConnection | None = getattr(self._connections, "open", None)
        if connection is not None:
            connection.close()
        return code


@dataclass(frozen=True, slots=True)
class Bench:
    """A server that does nothing, the real one, and how much to send them."""

    bare: BenchServer
    real: BenchServer
    short: bool
    board: Board
    _numbers: Iterator[int]

    def plain(self, **load: Any) -> list[Shot]:
        """Send to a route that does nothing."""
        return self._fire(self.bare, path="/plain", **load)

    def validated(self, **load: Any) -> list[Shot]:
        """Send to a route that reads alerts and writes nothing."""
        return self._fire(self.bare, path="/validated", **load)

    def webhook(self, **load: Any) -> list[Shot]:
        """Send to the webhook, and wait until all of it was executed."""
        shots = self._fire(self.real, **load)
        self.real.await_health()  # anew: an idle connection is closed meanwhile
        self.real.await_idle(seconds=120)
        return shots

    def calls(self) -> dict[str, int]:
        """When each order went to the broker, by its client_order_id."""
        return self.real.get("/bench/calls").body

    def _fire(self, server: BenchServer, **load: Any) -> list[Shot]:
        """Each request of the run has a number that no other has. All must be taken."""
        shots = fire(Load(port=server.port, first=next(self._numbers), **load))
        assert {shot.status for shot in shots} == {202}, [s for s in shots if s.status != 202]
        return shots


def alert(symbol: str, **fields: object) -> str:
    """The body of an alert, as a strategy sends it; `{n}` makes each one different."""
    return json.dumps(
        {
            "secret": SECRET,
            "id": "bench-{n}",
            "strategy": "bench",
            "symbol": symbol,
            "exchange": "NASDAQ",
            "timeframe": "15",
            "price": 10,
            **fields,
        }
    )


def entry(symbol: str) -> str:
    """An entry with both legs."""
    return alert(symbol, action="buy", quantity=1, stop_loss="2%", take_profit="4%")


def round_trips() -> Sequence[str]:
    """An entry into each of some symbols, then an exit from each."""
    symbols = [f"S{number}" for number in range(SYMBOLS)]
    return [entry(symbol) for symbol in symbols] + [alert(s, action="close") for s in symbols]


def serve(folder: Path, app: str) -> BenchServer:
    """A server of another app than `main:app`: its own main.py stands in the way of ours."""
    folder.mkdir()
    (folder / "main.py").write_text(f"from {app} import app\n")
    server = BenchServer(folder)
    server.start()
    return server


@pytest.fixture(scope="session")
def short() -> bool:
    """Whether a quick look is enough (`make bench BENCH=short`)."""
    return os.environ.get("BENCH") == "short"


@pytest.fixture(scope="session")
def board(request: pytest.FixtureRequest) -> Board:
    return request.config.stash.setdefault(BOARD, Board())


@pytest.fixture(scope="session")
def bench(
    tmp_path_factory: pytest.TempPathFactory, board: Board, *, short: bool
) -> Iterator[Bench]:
    folder = tmp_path_factory.mktemp("bench")
    bare = serve(folder / "bare", "tests.bench.bare")
    real = serve(folder / "real", "tests.bench.traced")
    yield Bench(bare, real, short, board, count(0, 1_000_000))
    bare.stop()
    real.stop()


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    board = config.stash.get(BOARD, None)
    if board is None:
        return
    terminalreporter.section("figures")
    for figure in board.figures:
        terminalreporter.write_line(str(figure))
    if file := os.environ.get("BENCH_JSON"):
        board.save(Path(file))
