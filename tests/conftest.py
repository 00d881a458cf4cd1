"""A whole server in one thread: a database of its own, a clock that stands still, no socket."""

import shutil
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from hypothesis import Phase, settings

from app.adapters.journal.migrate import migrate
from app.bootstrap import Parts, Server, build, build_app
from app.config import Settings
from app.domain.errors import JournalError
from app.ports.broker import Broker
from tests.fakes.clock import FakeClock
from tests.integration.api import SETTINGS, MakeServer, StillLoop, client_of
from tests.integration.documented import documented
from tests.integration.world import InlineExecutor

# How long an example takes says something of a busy machine, and nothing of what is tested.
settings.register_profile("ours", settings(), deadline=None)
settings.load_profile("ours")
# A changed line is noticed or it is not: of `make mutants` nobody reads the smallest example.
settings.register_profile(
    "mutants", settings.get_profile("ci"), phases=(Phase.explicit, Phase.generate)
)


@pytest.fixture(scope="session")
def migrated(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database of this version without rows, to be copied."""
    file = tmp_path_factory.mktemp("migrated") / "novalgo.db"
    migrate(f"sqlite:///{file}")
    return file


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def make_server(migrated: Path, tmp_path: Path, clock: FakeClock) -> Iterator[MakeServer]:
    """Servers that run every alert at once, on the thread that posts it."""
    made: list[Server] = []

    def make(broker: Broker | None = None, /, **settings: str) -> Server:
        def at(paper: Broker) -> Broker:
            return broker if broker is not None and broker.account == paper.account else paper

        folder = tmp_path / f"var{len(made)}"
        folder.mkdir()
        shutil.copy(migrated, folder / "novalgo.db")
        read = Settings.from_env({**SETTINGS, "DATA_DIR": str(folder), **settings}, dotenv=None)
        server = build(read, Parts(clock=clock, pool=InlineExecutor(), wrap_broker=at))
        server.loop, server.chores = StillLoop(), StillLoop()
        server.watches, server.token_loops = (), ()
        server.post = replace(server.post, loops=())
        server.sheet_loop = None
        server.start()
        server.services.recovery.run()
        made.append(server)
        return server

    yield make
    for server in made:
        with suppress(JournalError):  # a test may have closed its database
            server.stop()


@pytest.fixture
def server(make_server: MakeServer) -> Server:
    return make_server()


@pytest.fixture
def client(server: Server) -> FlaskClient:
    """It carries the API key."""
    return client_of(server)


@pytest.fixture
def stranger(server: Server) -> FlaskClient:
    """It carries no key."""
    return documented(build_app(server)).test_client()
