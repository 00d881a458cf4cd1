"""A file and an object in the cloud keep the same promise: of many writers one wins."""

import os
import stat
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from app.adapters.tokens.blobs import Blobs
from app.adapters.tokens.files import FileBlob
from app.adapters.tokens.gcs import GcsBlob
from app.domain.errors import StoreConflict, StoreUnavailable
from app.ports.tokens import NOTHING
from tests.simulators.gcs import Fault, GcsServer, Kind
from tests.unit.adapters.tokens.places import BUCKET, LEAVES_SOCKETS, cloud

pytestmark = LEAVES_SOCKETS


@pytest.fixture
def gcs() -> Generator[GcsServer]:
    with GcsServer(BUCKET) as server:
        yield server


@pytest.fixture
def blob(gcs: GcsServer, monkeypatch: pytest.MonkeyPatch) -> Generator[GcsBlob]:
    with cloud(gcs, monkeypatch) as blob:
        yield blob


@pytest.fixture(params=["file", "gcs"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Blobs:
    if request.param == "gcs":
        found: Blobs = request.getfixturevalue("blob")
        return found
    return FileBlob(tmp_path / "tokens" / "fyers.json")


def test_where_nothing_is_nothing_is_read(place: Blobs) -> None:
    assert place.read() is None


def test_what_was_written_is_read_with_its_generation(place: Blobs) -> None:
    generation = place.write(b"one\r\n--\xff", NOTHING)
    assert place.read() == (b"one\r\n--\xff", generation)
    assert place.write(b"two", generation) != generation


def test_only_the_generation_that_was_read_is_written_over(place: Blobs) -> None:
    first = place.write(b"one", NOTHING)
    second = place.write(b"two", first)
    for generation in (NOTHING, first):
        with pytest.raises(StoreConflict):
            place.write(b"three", generation)
    assert place.read() == (b"two", second)


def test_of_many_writers_at_once_one_wins(place: Blobs) -> None:
    generation = place.write(b"before", NOTHING)

    def wins(number: int) -> bool:
        try:
            place.write(b"by %d" % number, generation)
        except StoreConflict:
            return False
        return True

    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(wins, range(8)))
    assert sum(results) == 1
    there = place.read()
    assert there is not None
    assert there.data == b"by %d" % results.index(True)


def test_a_file_is_its_owners_alone_and_so_is_its_folder(tmp_path: Path) -> None:
    path = tmp_path / "tokens" / "fyers.json"
    FileBlob(path).write(b"one", NOTHING)
    modes = {
        each.name: stat.S_IMODE(each.stat().st_mode)
        for each in (path.parent, *path.parent.iterdir())
    }
    assert modes == {"tokens": 0o700, "fyers.json": 0o600, "fyers.lock": 0o600}


def test_a_write_that_fails_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blob = FileBlob(tmp_path / "fyers.json")
    generation = blob.write(b"one", NOTHING)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreUnavailable, match="No space"):
        blob.write(b"two", generation)
    assert blob.read() == (b"one", generation)
    assert {path.name for path in tmp_path.iterdir()} == {"fyers.json", "fyers.lock"}


def test_a_file_that_cannot_be_read_is_an_outage_and_not_nothing(tmp_path: Path) -> None:
    (tmp_path / "fyers.json").mkdir()
    with pytest.raises(StoreUnavailable):
        FileBlob(tmp_path / "fyers.json").read()


@pytest.mark.parametrize("kind", [Kind.UNAVAILABLE, Kind.FORBIDDEN])
def test_a_cloud_that_refuses_is_an_outage_and_not_nothing(
    gcs: GcsServer, blob: GcsBlob, kind: Kind
) -> None:
    generation = blob.write(b"one", NOTHING)
    gcs.faults = [Fault(kind)]
    with pytest.raises(StoreUnavailable):
        blob.read()
    with pytest.raises(StoreUnavailable):
        blob.write(b"two", generation)
    gcs.faults = []
    assert blob.read() == (b"one", generation)


def test_a_cloud_that_does_not_listen_is_an_outage(monkeypatch: pytest.MonkeyPatch) -> None:
    with GcsServer(BUCKET) as gone:
        pass
    with cloud(gone, monkeypatch) as blob, pytest.raises(StoreUnavailable):
        blob.read()


def test_a_bucket_that_is_not_there_is_an_outage_when_it_is_written_to(
    gcs: GcsServer, blob: GcsBlob
) -> None:
    other = GcsBlob("no-such-bucket", "tokens.json", patience=0)
    with pytest.raises(StoreUnavailable, match="NotFound"):
        other.write(b"one", NOTHING)
    other.close()


def test_a_short_fault_is_tried_again(gcs: GcsServer, blob: GcsBlob) -> None:
    generation = blob.write(b"one", NOTHING)
    patient = GcsBlob(BUCKET, "novalgo/tokens.json", patience=30)
    gcs.faults = [Fault(Kind.UNAVAILABLE, times=1)]
    assert patient.read() == (b"one", generation)
    patient.close()


@pytest.mark.parametrize("patience", [0, 30], ids=["given up", "tried again by the client"])
def test_a_write_whose_answer_is_lost_is_known_by_its_content(
    gcs: GcsServer, blob: GcsBlob, patience: float
) -> None:
    generation = blob.write(b"one", NOTHING)
    writer = GcsBlob(BUCKET, "novalgo/tokens.json", patience=patience)
    gcs.faults = [Fault(Kind.LOST, "POST", times=1)]
    written = writer.write(b"two", generation)
    assert blob.read() == (b"two", written)
    assert gcs.objects.writes == 2
    writer.close()


def test_a_lost_answer_does_not_hide_that_another_was_faster(gcs: GcsServer, blob: GcsBlob) -> None:
    generation = blob.write(b"one", NOTHING)
    blob.write(b"theirs", generation)
    gcs.faults = [Fault(Kind.LOST, "POST", times=1)]
    with pytest.raises(StoreConflict):
        blob.write(b"ours", generation)


def test_a_slow_answer_is_waited_for(gcs: GcsServer, blob: GcsBlob) -> None:
    gcs.faults = [Fault(Kind.SLOW, times=1, seconds=0.1)]
    generation = blob.write(b"one", NOTHING)
    assert blob.read() == (b"one", generation)


def test_the_client_asks_for_nothing_but_the_object(gcs: GcsServer, blob: GcsBlob) -> None:
    blob.write(b"one", NOTHING)
    blob.read()
    assert [request.partition("?")[0] for request in gcs.requests] == [
        f"POST /upload/storage/v1/b/{BUCKET}/o",
        f"GET /download/storage/v1/b/{BUCKET}/o/novalgo%2Ftokens.json",
    ]
