"""The restore drill: what a backup brings back, what it refuses, and what goes on afterwards."""

import sqlite3
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from app.adapters.journal.copying import copy
from app.adapters.journal.restore import restore
from app.adapters.sql import Database
from app.domain.errors import BackupError, JournalError
from app.domain.outcome import AlertStatus
from tests.fakes.broker import FakeBroker
from tests.integration.world import World

BUY: dict[str, object] = {"action": "buy", "symbol": "AAPL", "quantity": 10, "price": 100}
RESTING = BUY | {"symbol": "MSFT", "order_type": "limit", "limit_price": 90}
CLOSE: dict[str, object] = {"action": "close", "symbol": "AAPL", "price": 110}
TABLES = ("alerts", "jobs", "orders", "fills", "paper_accounts", "paper_orders", "paper_positions")


@pytest.fixture
def world(tmp_path: Path) -> World:
    world = World(tmp_path / "var")
    world.boot()
    return world


@pytest.fixture
def backup(world: World, tmp_path: Path) -> Path:
    """A backup of a server that holds AAPL behind a stop, and waits for MSFT."""
    world.send(**BUY, stop_loss="5%")
    world.send(**RESTING)
    copy(database_of(world), tmp_path / "backup.db")
    return tmp_path / "backup.db"


def database_of(world: World) -> Path:
    return world.server.database.path


def books(file: Path) -> dict[str, list[object]]:
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
        return {name: connection.execute(f"SELECT * FROM {name}").fetchall() for name in TABLES}  # noqa: S608


def stop(world: World) -> None:
    world.server.stop()


def bring_back(world: World, backup: Path) -> Path | None:
    return restore(backup, database_of(world), world.clock.now())


def test_the_books_are_those_of_the_moment_of_the_backup_and_trading_goes_on(
    world: World, backup: Path
) -> None:
    then = books(backup)
    world.send(**CLOSE)
    world.send(**BUY | {"symbol": "NVDA"})
    stop(world)
    database_of(world).write_bytes(b"destroyed" * 1000)
    world.clock.advance(timedelta(hours=2))
    bring_back(world, backup)
    assert books(database_of(world)) == then
    world.boot()
    assert world.journaled_position() == world.broker_position() == {"AAPL": 10}
    world.send(**BUY | {"symbol": "TSLA"})
    closed = world.send(**CLOSE)
    assert world.record(closed.alert_id).status is AlertStatus.SUCCESS
    assert world.journaled_position() == world.broker_position() == {"TSLA": 10}


def test_an_alert_that_was_traded_after_the_backup_and_comes_again_late_is_stale(
    world: World, backup: Path
) -> None:
    """Its key of repeats is lost with the rest; its own time is what holds it back (rule 1)."""
    alert = BUY | {"symbol": "NVDA", "id": "once", "timenow": world.clock.now().isoformat()}
    world.send(**alert)
    stop(world)
    world.clock.advance(timedelta(minutes=10))
    bring_back(world, backup)
    world.boot()
    again = world.send(**alert)
    assert world.record(again.alert_id).status is AlertStatus.EXPIRED
    assert world.broker_position() == {"AAPL": 10}


def test_an_alert_from_before_the_backup_is_still_a_repeat(world: World, tmp_path: Path) -> None:
    alert = BUY | {"symbol": "NVDA", "id": "once"}
    first = world.send(**alert)
    copy(database_of(world), tmp_path / "backup.db")
    stop(world)
    bring_back(world, tmp_path / "backup.db")
    world.boot()
    again = world.send(**alert)
    assert (again.alert_id, again.duplicate) == (first.alert_id, True)
    assert world.broker_position() == {"NVDA": 10}


def test_what_filled_at_the_broker_after_the_backup_is_found_before_entries_go_on(
    tmp_path: Path,
) -> None:
    """The database is older than the broker: a stop was hit meanwhile."""
    world = World(tmp_path / "var")
    broker = world.broker = FakeBroker(clock=world.clock)
    world.boot()
    world.send(**BUY, stop_loss="5%")
    copy(database_of(world), tmp_path / "backup.db")
    (stop_order,) = broker.working
    broker.fill(stop_order.client_order_id)
    assert broker.positions() == []
    stop(world)
    bring_back(world, tmp_path / "backup.db")
    assert world.journaled_position() == {"AAPL": 10}
    world.boot()
    assert world.journaled_position() == {}


def test_what_was_opened_at_the_broker_after_the_backup_is_not_ours_to_trade(
    tmp_path: Path,
) -> None:
    """The journal knows nothing of it: it is not sold, and nothing is entered against it."""
    world = World(tmp_path / "var")
    broker = world.broker = FakeBroker(clock=world.clock)
    world.boot()
    copy(database_of(world), tmp_path / "backup.db")
    world.send(**BUY, stop_loss="5%")
    stop(world)
    bring_back(world, tmp_path / "backup.db")
    world.boot()
    for alert in (CLOSE, BUY | {"action": "sell", "quantity": 30}):
        world.send(**alert)
        world.run()
    (held,) = broker.positions()
    assert (held.instrument, held.quantity) == ("AAPL", Decimal(10))
    assert world.count("fills") == 0


def test_the_restore_is_told_in_the_journal(world: World, backup: Path) -> None:
    stop(world)
    bring_back(world, backup)
    (event,) = world.rows("SELECT problem, facts FROM events WHERE kind = 'restored'")
    assert event["problem"]
    assert "backup.db" in event["facts"]


def test_the_old_database_is_kept_whole_with_what_was_in_its_log(
    world: World, backup: Path
) -> None:
    world.send(**CLOSE)
    now = books(database_of(world))
    stop(world)
    kept = bring_back(world, backup)
    assert kept is not None
    assert kept.name == "novalgo-before-restore-20261120T153000Z.db"
    assert books(kept) == now


def test_the_log_of_a_database_that_cannot_be_read_is_kept_and_never_put_on_the_new_one(
    world: World, backup: Path
) -> None:
    then = books(backup)
    stop(world)
    file = database_of(world)
    file.write_bytes(b"destroyed" * 1000)
    file.with_name("novalgo.db-wal").write_bytes(b"what was in the log")
    kept = bring_back(world, backup)
    assert kept is not None
    assert kept.with_name(f"{kept.name}-wal").read_bytes() == b"what was in the log"
    assert not file.with_name("novalgo.db-wal").exists()
    assert books(file) == then


def test_where_no_database_is_one_is_put(world: World, backup: Path) -> None:
    then = books(backup)
    stop(world)
    database_of(world).unlink()
    assert bring_back(world, backup) is None
    assert books(database_of(world)) == then


def test_while_a_server_runs_nothing_is_restored(world: World, backup: Path) -> None:
    before = books(database_of(world))
    with pytest.raises(BackupError, match="in use: stop the server"):
        bring_back(world, backup)
    assert books(database_of(world)) == before


def test_while_something_is_restored_no_server_starts(
    world: World, backup: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stop(world)
    refused: list[str] = []

    def meanwhile(source: Path, target: Path) -> None:
        with pytest.raises(JournalError, match="is being restored"):
            Database(database_of(world))
        refused.append("yes")
        copy(source, target)

    monkeypatch.setattr("app.adapters.journal.restore.copy", meanwhile)
    bring_back(world, backup)
    assert refused == ["yes"]


def damage(backup: Path) -> str:
    with backup.open("r+b") as file:
        file.seek(4096 * 3)
        file.write(b"\xff" * 4096 * 3)
    return "damaged|malformed"


def empty(backup: Path) -> str:
    backup.write_bytes(b"")
    return "no database of NovAlgo"


def cut_off(backup: Path) -> str:
    backup.write_bytes(backup.read_bytes()[:-5000])
    return "damaged|malformed"


def newer(backup: Path) -> str:
    with closing(sqlite3.connect(backup)) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
        connection.commit()
    return "newer than this version's"


def strange(backup: Path) -> str:
    backup.unlink()
    with closing(sqlite3.connect(backup)) as connection:
        connection.execute("CREATE TABLE recipes (name TEXT)")
    return "no database of NovAlgo"


def missing(backup: Path) -> str:
    backup.unlink()
    return "there is no file"


@pytest.mark.parametrize("spoil", [damage, empty, cut_off, newer, strange, missing])
def test_a_backup_that_does_not_fit_changes_nothing(
    spoil: Callable[[Path], str], world: World, backup: Path
) -> None:
    before = books(database_of(world))
    stop(world)
    words = spoil(backup)
    with pytest.raises(BackupError, match=words):
        bring_back(world, backup)
    assert books(database_of(world)) == before
    names = {file.name for file in database_of(world).parent.iterdir()}
    assert not [name for name in names if "restore" in name]
