"""The restore drill on the real server, with the commands that an owner has."""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.e2e.books import STARTING_CASH, Books, await_books, read_books
from tests.e2e.commands import command
from tests.e2e.conftest import Serve
from tests.e2e.live import LiveServer
from tests.e2e.processes import until

pytestmark = pytest.mark.e2e

CASH = {"PAPER_CASH": str(STARTING_CASH)}


def trade(server: LiveServer, *symbols: str) -> None:
    for symbol in symbols:
        bought = server.alert(
            wait=2.5, action="buy", symbol=symbol, quantity=2, price=10, stop_loss="5%"
        )
        assert bought.body["status"] == "success"


def contents(books: Books) -> tuple[object, ...]:
    return (books.alerts, books.jobs, books.orders, books.fills, books.paper_orders, books.cash)


def test_a_destroyed_database_is_restored_and_trading_goes_on(serve: Serve, tmp_path: Path) -> None:
    server, backup = serve(**CASH), tmp_path / "backup.db"
    trade(server, "HELD", "CLOSED")
    server.await_idle()
    made = command(server, "backup", str(backup))
    assert made.returncode == 0, made.stderr
    then = contents(read_books(server.database))
    assert contents(read_books(backup)) == then
    trade(server, "AFTER")

    refused = command(server, "restore", str(backup))
    assert refused.returncode == 1
    assert "stop the server first" in refused.stderr

    server.kill()
    server.database.write_bytes(b"destroyed" * 10_000)
    restored = command(server, "restore", str(backup))
    assert restored.returncode == 0, restored.stderr
    assert contents(read_books(server.database)) == then

    server.start()
    until(lambda: server.get("/ready").body["checks"]["recovery"]["ok"], 10, "recovery")
    closed = server.alert(wait=2.5, action="close", symbol="CLOSED", price=11)
    assert closed.body["status"] == "success"
    trade(server, "NEW")
    books = await_books(server.database)
    assert set(books.positions) == {"HELD", "NEW"}


def test_a_backup_under_load_is_one_moment_of_sound_books(serve: Serve, tmp_path: Path) -> None:
    """Whatever was acknowledged before it is in it; an order has its alert, a fill its order."""
    server = serve(**CASH)
    with ThreadPoolExecutor(4) as pool:
        sent = [
            pool.submit(server.alert, action="buy", symbol=f"S{n}", quantity=1, price=10)
            for n in range(200)
        ]
        backups: list[tuple[set[str], Books]] = []
        for number in range(3):
            acknowledged = {f.result().body["alert_id"] for f in sent if f.done()}
            backup = tmp_path / f"backup{number}.db"
            assert command(server, "backup", str(backup)).returncode == 0
            backups.append((acknowledged, read_books(backup)))
    assert all(future.result().status == 202 for future in sent)
    for acknowledged, books in backups:
        alerts = {alert["id"] for alert in books.alerts}
        orders = {order["client_order_id"]: order["alert_id"] for order in books.orders}
        assert acknowledged <= alerts
        assert set(orders.values()) <= alerts
        assert {fill["client_order_id"] for fill in books.fills} <= set(orders)
        assert {order["client_order_id"] for order in books.paper_orders} <= set(orders)


@pytest.mark.parametrize("words", [["backup"], ["restore"]])
def test_a_command_explains_itself(words: list[str], serve: Serve) -> None:
    server = serve()
    told = command(server, *words, "--help")
    assert told.returncode == 0
    assert "FILE" in told.stdout


def test_what_cannot_be_backed_up_or_restored_is_said_in_a_line(
    serve: Serve, tmp_path: Path
) -> None:
    server = serve()
    server.stop()
    (tmp_path / "there.db").write_text(json.dumps("precious"))
    for words, reason in (
        (["backup", str(tmp_path / "there.db")], "is there already"),
        (["restore", str(tmp_path / "missing.db")], "there is no file"),
        (["restore", str(tmp_path / "there.db")], "not a database"),
    ):
        told = command(server, *words)
        assert (told.returncode, told.stdout) == (1, "")
        assert reason in told.stderr
        assert "Traceback" not in told.stderr
