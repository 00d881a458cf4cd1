"""The lists of instruments over HTTP, and in a whole server."""

import socket
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from app.adapters.brokers.fyers.broker import FyersBroker
from app.adapters.brokers.fyers.options import read_options
from app.adapters.instruments.fetching import NotFetched, fetch
from app.adapters.instruments.generation import current, sources_of
from app.adapters.instruments.master import SymbolMaster
from app.domain.contract import Moneyness, OptionType, Series, Wish
from app.domain.errors import BrokerUnavailable
from app.domain.instrument import Instrument, Ticker
from app.domain.listing import IST
from app.ports.broker import Suggests
from tests.contracts.fyers import FyersVenue
from tests.fakes.addresses import AddressPages
from tests.fakes.clock import FakeClock
from tests.integration.api import MakeServer, body_of, client_of
from tests.unit.adapters.instruments.lists import DATA, SUNDAY, make_lists, refreshed

ETAG = '"of today"'


@dataclass
class Vendor:
    """A server of lists: what it answers, and what it was asked."""

    bodies: dict[str, bytes]
    status: int = 200
    cuts: bool = False
    asked: list[tuple[str, str | None]] = field(default_factory=list[tuple[str, str | None]])
    sent: int = 0
    url: str = ""


@pytest.fixture
def vendor() -> Iterator[Vendor]:
    lists = {name: (DATA / f"{name}.csv").read_bytes() for name in ("NSE_CM", "NSE_FO")}
    state = Vendor(bodies=lists)

    class Desk(BaseHTTPRequestHandler):
        def do_GET(self) -> None:  # the library's name
            name = self.path.rpartition("/")[2].removesuffix(".csv")
            state.asked.append((self.path, self.headers["If-None-Match"]))
            body = state.bodies.get(name)
            if body is None:
                self.send_error(404)
            elif self.headers["If-None-Match"] == ETAG and state.status == 200:
                self.send_response(304)
                self.end_headers()
            else:
                self._send(body)

        def _send(self, body: bytes) -> None:
            state.sent += 1
            self.send_response(state.status)
            self.send_header("ETag", ETAG)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body[: len(body) // 2] if state.cuts else body)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the library's
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Desk)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    state.url = f"http://127.0.0.1:{server.server_address[1]}/sym_details"
    yield state
    server.shutdown()
    server.server_close()


def test_lists_are_fetched_from_an_address(tmp_path: Path, vendor: Vendor) -> None:
    answer = refreshed(tmp_path, f"{vendor.url}/")
    assert answer.fresh == ["NSE_CM", "NSE_FO"]
    assert vendor.asked[0] == ("/sym_details/NSE_CM.csv", None)
    assert answer.missing["MCX_COM"].endswith("/MCX_COM.csv answers 404")


def test_what_did_not_change_is_not_sent_again(tmp_path: Path, vendor: Vendor) -> None:
    first = refreshed(tmp_path, vendor.url)
    monday = SUNDAY + timedelta(days=1)
    answer = refreshed(tmp_path, vendor.url, monday)
    assert (answer.fresh, answer.rows) == (first.fresh, first.rows)
    assert vendor.sent == 2
    path = current(tmp_path / "symbols")
    assert path is not None
    assert {source.checked_at for source in sources_of(path).values()} == {monday}


@pytest.mark.parametrize(("status", "cuts"), [(500, False), (403, False), (200, True)])
def test_a_list_that_does_not_come_whole_is_none(
    tmp_path: Path, vendor: Vendor, status: int, *, cuts: bool
) -> None:
    refreshed(tmp_path, vendor.url)
    vendor.status, vendor.cuts = status, cuts
    vendor.bodies = {name: body + b"\n" for name, body in vendor.bodies.items()}
    kept = current(tmp_path / "symbols")
    vendor_forgets = {"etag": "", "modified": ""}
    with pytest.raises(NotFetched):
        fetch(vendor.url, "NSE_FO", tmp_path / "new", **vendor_forgets)
    assert current(tmp_path / "symbols") == kept


def test_nobody_at_the_address_is_no_list(tmp_path: Path) -> None:
    with socket.socket() as deaf:
        deaf.bind(("127.0.0.1", 0))  # and it never listens
        url = f"http://127.0.0.1:{deaf.getsockname()[1]}"
        with pytest.raises(NotFetched, match="ConnectionError"):
            fetch(url, "NSE_FO", tmp_path / "new", "", "")


@pytest.mark.parametrize("form", ["{}", "file://{}"])
def test_a_folder_may_be_written_as_an_address(tmp_path: Path, form: str) -> None:
    folder = make_lists(tmp_path / "some lists")
    assert refreshed(tmp_path, form.format(folder)).fresh == ["NSE_CM", "NSE_FO", "BSE_FO"]


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock(datetime(2025, 8, 18, 8, 50, tzinfo=IST))


def test_a_server_that_needs_lists_is_degraded_while_they_are_old(
    make_server: MakeServer, tmp_path: Path, clock: FakeClock
) -> None:
    server = make_server(FYERS_SYMBOLS_URL=str(make_lists(tmp_path / "lists")))
    client: FlaskClient = client_of(server)
    assert body_of(client, "/ready")["checks"]["symbols"] == {
        "ok": False,
        "detail": "no list is loaded",
    }
    refresher = server.lists.refresher
    assert refresher is not None
    assert "NSE_FO" in refresher.refresh().fresh
    assert body_of(client, "/ready")["checks"]["symbols"] == {"ok": True, "detail": "of the day"}
    clock.advance(timedelta(days=1, minutes=10))
    shown = body_of(client, "/ready")
    assert shown["status"] == "degraded"
    assert "NSE_FO is of 2025-08-18 08:50 IST" in shown["checks"]["symbols"]["detail"]


def test_a_server_that_needs_none_fetches_none(make_server: MakeServer) -> None:
    server = make_server()
    assert server.lists.refresher is None
    assert "symbols" not in body_of(client_of(server), "/ready")["checks"]


@dataclass(frozen=True)
class India:
    """The simulated Fyers, and an account there that looks things up in Fyers' own lists."""

    venue: FyersVenue
    broker: FyersBroker
    folder: Path

    def load(self) -> None:
        """Fetch the lists from Fyers."""
        answer = refreshed(self.folder, self.venue.simulator.symbols_url, self.venue.clock.now())
        assert {"NSE_CM", "NSE_FO", "BSE_FO"} <= set(answer.fresh)


@pytest.fixture
def india(tmp_path: Path, clock: FakeClock) -> Iterator[India]:
    clock.advance(timedelta(hours=1))
    venue = FyersVenue(tmp_path, clock)
    resources = replace(venue.resources(AddressPages()), symbols=SymbolMaster(tmp_path))
    options = read_options("fyers", venue.given())
    yield India(venue, FyersBroker("fyers", options, resources), tmp_path)
    venue.close()


AT_MONEY = Wish(
    underlying=Ticker("NSE", "NIFTY"),
    expiry=Series.WEEKLY,
    strike=Moneyness(0),
    option_type=OptionType.CALL,
)


def test_an_option_at_the_money_is_chosen_by_the_price_that_fyers_tells(india: India) -> None:
    india.load()
    india.venue.simulator.quote("NSE:NIFTY50-INDEX", Decimal("24631.3"))
    found = india.broker.contract(AT_MONEY, india.venue.clock.now())
    assert isinstance(found, Instrument)
    assert found.symbol == "NSE:NIFTY2582124650CE"


def test_an_account_at_fyers_tells_of_names_that_are_like_one_that_there_is_not(
    india: India,
) -> None:
    assert isinstance(india.broker, Suggests)
    assert india.broker.near(Ticker("NSE", "SBINN")) == ()
    india.load()
    assert india.broker.near(Ticker("NSE", "SBINN"))[0] == "NSE:SBIN"


def test_until_there_are_lists_an_account_at_fyers_waits(india: India) -> None:
    with pytest.raises(BrokerUnavailable, match="loaded yet"):
        india.broker.contract(AT_MONEY, india.venue.clock.now())
    with pytest.raises(BrokerUnavailable, match="loaded yet"):
        india.broker.instrument(Ticker("NSE", "SBIN"))
