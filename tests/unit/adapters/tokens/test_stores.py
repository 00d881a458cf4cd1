"""A login is kept in cipher. While the cloud is away the copy counts, and is brought back."""

import logging
from collections.abc import Generator
from pathlib import Path

import pytest

from app.adapters.tokens.files import FileBlob
from app.adapters.tokens.gcs import GcsBlob
from app.adapters.tokens.seal import Seal
from app.adapters.tokens.stores import MemoryStore, SealedStore, SharedStore
from app.domain.errors import StoreConflict
from app.domain.token import Login
from app.ports.tokens import NOTHING, Kept
from tests.simulators.gcs import Fault, GcsServer, Kind
from tests.unit.adapters.tokens.places import (
    BUCKET,
    KEY,
    LEAVES_SOCKETS,
    cloud,
    login,
    shared_store,
)

pytestmark = LEAVES_SOCKETS

AWAY = [Fault(Kind.UNAVAILABLE)]


@pytest.fixture
def gcs() -> Generator[GcsServer]:
    with GcsServer(BUCKET) as server:
        yield server


@pytest.fixture
def blob(gcs: GcsServer, monkeypatch: pytest.MonkeyPatch) -> Generator[GcsBlob]:
    with cloud(gcs, monkeypatch) as blob:
        yield blob


@pytest.fixture
def here(blob: GcsBlob, tmp_path: Path) -> SharedStore:
    return shared_store(blob, tmp_path / "here")


@pytest.fixture
def there(blob: GcsBlob, tmp_path: Path) -> SharedStore:
    """Another machine on the same bucket."""
    return shared_store(blob, tmp_path / "there")


def test_in_memory_one_of_many_writers_wins_too() -> None:
    store = MemoryStore()
    assert store.read() == Kept()
    kept = store.write(login("one"), NOTHING)
    with pytest.raises(StoreConflict):
        store.write(login("two"), NOTHING)
    assert store.read() == kept
    assert store.glance() == login("one")


def test_a_file_holds_nothing_in_the_clear(tmp_path: Path) -> None:
    path = tmp_path / "fyers.json"
    store = SealedStore(FileBlob(path), Seal([KEY], "APP-100"))
    store.write(login("canary-access"), NOTHING)
    assert store.read().login == login("canary-access")
    assert b"canary" not in path.read_bytes()


def test_what_cannot_be_opened_is_told_once_and_may_be_written_over(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    blob = FileBlob(tmp_path / "fyers.json")
    SealedStore(blob, Seal([b"x" * 32], "APP-100")).write(login("lost"), NOTHING)
    store = SealedStore(blob, Seal([KEY], "APP-100"))
    kept = store.read()
    store.read()
    assert kept.login == Login()
    assert [record.message for record in caplog.records] == ["a kept token cannot be opened"]
    store.write(login("new"), kept.generation)
    assert store.glance() == login("new")


def test_two_machines_see_what_either_wrote(here: SharedStore, there: SharedStore) -> None:
    kept = here.write(login("one"), NOTHING)
    assert there.read() == kept
    there.write(login("two", later=1), kept.generation)
    assert here.read().login == login("two", later=1)


def test_what_is_shared_is_copied_so_that_nobody_waits_for_the_network(
    here: SharedStore, there: SharedStore, gcs: GcsServer
) -> None:
    here.write(login("one"), NOTHING)
    there.read()
    gcs.faults = list(AWAY)
    gcs.requests.clear()
    assert here.glance() == there.glance() == login("one")
    assert gcs.requests == []


def test_while_the_cloud_is_away_the_copy_is_read_and_written(
    here: SharedStore, gcs: GcsServer, caplog: pytest.LogCaptureFixture
) -> None:
    here.write(login("one"), NOTHING)
    gcs.faults = list(AWAY)
    kept = here.read()
    assert kept.login == login("one")
    here.write(login("two", later=1), kept.generation)
    assert here.read().login == login("two", later=1)
    with pytest.raises(StoreConflict):
        here.write(login("three", later=2), kept.generation)
    told = [record.message for record in caplog.records if record.levelno >= logging.WARNING]
    assert told == ["the shared token cannot be reached"]
    assert here.trouble.startswith("the copy here counts: ")
    gcs.faults = []
    here.read()
    assert here.trouble == ""


def test_a_write_falls_back_too_when_the_cloud_goes_away_meanwhile(
    here: SharedStore, gcs: GcsServer
) -> None:
    kept = here.write(login("one"), NOTHING)
    gcs.faults = list(AWAY)
    here.write(login("two", later=1), kept.generation)
    assert here.glance() == login("two", later=1)


def test_what_was_made_meanwhile_is_brought_back_for_all(
    here: SharedStore, there: SharedStore, gcs: GcsServer
) -> None:
    here.write(login("one"), NOTHING)
    gcs.faults = list(AWAY)
    here.write(login("two", later=1), here.read().generation)
    gcs.faults = []
    assert here.read().login == login("two", later=1)
    assert there.read().login == login("two", later=1)


def test_what_another_machine_brought_meanwhile_wins_when_it_is_newer(
    here: SharedStore, there: SharedStore, gcs: GcsServer
) -> None:
    kept = here.write(login("one"), NOTHING)
    gcs.faults = list(AWAY)
    here.write(login("two", later=1), here.read().generation)
    gcs.faults = []
    there.write(login("three", later=2), kept.generation)
    assert here.read().login == login("three", later=2)
    assert here.glance() == login("three", later=2)


def test_a_copy_that_cannot_be_kept_stops_nothing(blob: GcsBlob, tmp_path: Path) -> None:
    (tmp_path / "here").write_text("no folder can be made here")
    store = shared_store(blob, tmp_path / "here")
    store.write(login("one"), NOTHING)
    assert store.read().login == login("one")
    assert store.glance() == Login()
