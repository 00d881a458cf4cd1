"""The real server with an account at Alpaca: it serves at once, and loads the SDK behind that."""

from collections.abc import Iterator

import pytest

from tests.contracts.alpaca import options_of
from tests.e2e.commands import command
from tests.e2e.conftest import Serve
from tests.e2e.live import LiveServer
from tests.e2e.processes import until
from tests.e2e.wear import wear_of
from tests.simulators.alpaca import AlpacaSimulator

pytestmark = pytest.mark.e2e

MOST_MEGABYTES = 200
"""Of the 1,000 that the smallest machine has."""


@pytest.fixture
def alpaca() -> Iterator[AlpacaSimulator]:
    with AlpacaSimulator(strict=True, rate_limit=None) as simulator:
        simulator.market(is_open=True)
        yield simulator
        assert simulator.state.violations == []


@pytest.fixture
def server(serve: Serve, alpaca: AlpacaSimulator) -> LiveServer:
    keys = {f"ALPACA_{option}": value for option, value in options_of(alpaca).items()}
    return serve(SESSION_POLICY="always", **keys)


def test_paper_trades_before_alpaca_is_loaded_and_alpaca_as_soon_as_it_is(
    server: LiveServer, alpaca: AlpacaSimulator
) -> None:
    on_paper = server.alert(wait=2.5, action="buy", symbol="AAPL", quantity=1, price=190)
    assert on_paper.body["status"] == "success"

    server.alert(action="buy", symbol="AAPL", quantity=10, stop_loss="2%", account="alpaca")
    server.await_idle()
    (done,) = [each for each in server.alerts("success") if each["account"] == "alpaca"]
    assert done["fields"]["quantity"] == "10"
    held = alpaca.shown()["positions"]
    assert [(position["symbol"], position["qty"]) for position in held] == [("AAPL", "10")]


def test_a_server_with_alpaca_fits_on_a_small_machine(server: LiveServer) -> None:
    server.alert(action="buy", symbol="AAPL", quantity=10, account="alpaca")
    server.await_idle()
    wear = wear_of(server)
    print(f"\n{wear}")
    assert wear.megabytes < MOST_MEGABYTES


def test_a_server_with_alpaca_ends_when_it_is_told_to(server: LiveServer) -> None:
    server.alert(action="buy", symbol="AAPL", quantity=10, account="alpaca")
    server.await_idle()
    assert server.stop() == 0


def test_sweep_takes_off_the_stop_of_a_position_that_is_gone(
    server: LiveServer, alpaca: AlpacaSimulator
) -> None:
    server.alert(action="buy", symbol="AAPL", quantity=10, stop_loss="2%", account="alpaca")
    server.await_idle()
    server.kill()
    alpaca.transfer("AAPL", -10, 190)
    gone = "alpaca: stop_loss of 10 AAPL is gone"  # once the position cannot be a late one
    until(lambda: gone in command(server, "sweep", "--account", "alpaca").stdout, 60, gone)
    assert "nothing to sweep" in command(server, "sweep", "--account", "alpaca").stdout
    assert [order for order in alpaca.shown()["orders"] if order["status"] == "new"] == []


def test_sweep_says_when_a_broker_cannot_be_asked(
    server: LiveServer, alpaca: AlpacaSimulator
) -> None:
    server.kill()
    with alpaca.away():
        told = command(server, "sweep")
    assert (told.returncode, told.stdout) == (1, "paper: nothing to sweep\n")
    assert "alpaca: the broker cannot be asked now" in told.stderr
