"""The command line beside a running server, and alone on its database."""

from pathlib import Path
from typing import Any

import pytest

from tests.e2e.commands import command
from tests.e2e.conftest import Serve
from tests.e2e.live import LiveServer
from tests.e2e.processes import until

pytestmark = pytest.mark.e2e

COMMANDS = (
    "adopt",
    "doctor",
    "flatten",
    "kill",
    "reconcile",
    "replay",
    "strategies",
    "sweep",
    "symbols",
    "unblock",
)
ROWS = """\
symbol,timeframe,position_size,active,sides,stop_loss,take_profit
AAPL,15m,1000,yes,long,2%,offset 3
BTCUSD,any,250.5,no,,60000,
"""


def buy(server: LiveServer, symbol: str = "AAPL", **fields: object) -> dict[str, Any]:
    """Two at 10, filled."""
    order = {"action": "buy", "symbol": symbol, "quantity": 2, "price": 10}
    told = server.alert(wait=2.5, **{**order, **fields})
    assert told.body["status"] == "success", told.body
    return told.body


def run(server: LiveServer, *words: str, code: int = 0, **more: str) -> str:
    """What a command writes; it must end with this code, and never with a traceback."""
    told = command(server, *words, **more)
    assert told.returncode == code, told.stdout + told.stderr
    assert "Traceback" not in told.stderr
    return told.stdout + told.stderr


def held(server: LiveServer) -> list[str]:
    positions = server.get("/positions").body["positions"]
    return [position["symbol"] for position in positions]


def test_every_command_explains_itself(serve: Serve) -> None:
    server = serve()
    for name in COMMANDS:
        assert "Usage:" in run(server, name, "--help")


def test_lists_of_instruments_are_fetched_by_hand_and_looked_up(
    serve: Serve, tmp_path: Path
) -> None:
    lists = tmp_path / "lists"
    lists.mkdir()
    text = (Path(__file__).parents[1] / "data/symbols/NSE_CM.csv").read_text(encoding="utf-8")
    (lists / "NSE_CM.csv").write_text(text, encoding="utf-8")
    server = serve(FYERS_SYMBOLS_URL=str(lists))

    def is_refreshed() -> bool:  # unless the server is at it, at this very moment
        return "18 instruments in" in command(server, "symbols", "refresh").stdout

    until(is_refreshed, 60, "the lists were not refreshed")
    assert "NSE_CM        18 rows" in run(server, "symbols", "status")
    assert "note   symbols          the list NSE_FO is missing" in run(server, "doctor")
    assert "NSE:SBIN-EQ" in run(server, "symbols", "find", "nse:sbin")
    assert "NSE:SBIN" in run(server, "symbols", "find", "NSE:SBINN", code=1)
    told = run(server, "symbols", "find", "NIFTY1!", code=1)
    assert "SYMBOLS_STALE: the list NSE_FO is missing" in told


def test_doctor_looks_at_everything_beside_a_running_server_and_without_one(serve: Serve) -> None:
    server = serve()
    checks = ("clock", "database", "broker paper", "token paper", "disk")
    for _ in range(2):
        lines = run(server, "doctor").splitlines()
        assert all(line.startswith("ok ") for line in lines)
        assert all(any(check in line for line in lines) for check in checks)
        server.kill()


def test_doctor_says_what_is_wrong(serve: Serve) -> None:
    server = serve()
    server.kill()
    server.database.write_bytes(b"destroyed" * 1000)
    lines = run(server, "doctor", code=1).splitlines()
    assert [line.split()[:2] for line in lines] == [["WRONG", "database"], ["ok", "disk"]]


def test_settings_that_cannot_be_used_are_a_line(serve: Serve) -> None:
    server = serve()
    told = run(server, "doctor", code=1, THREADS="many")
    assert told.startswith("Error: config: ")
    assert told.count("\n") == 1


@pytest.mark.parametrize("alone", [False, True], ids=["beside a server", "alone"])
def test_replay_trades_an_alert_once_more(serve: Serve, *, alone: bool) -> None:
    server = serve()
    first = buy(server, strategy="trend")
    server.alert(wait=2.5, action="close", symbol="AAPL", strategy="trend")
    foreseen = run(server, "replay", first["alert_id"], "--dry-run")
    assert "order entry buy 2 AAPL market" in foreseen
    assert held(server) == []
    if alone:
        server.kill()
    assert "success" in run(server, "replay", first["alert_id"])
    if alone:
        server.start()
    assert held(server) == ["AAPL"]


def test_replay_of_what_is_not_there_is_a_line_with_its_code(serve: Serve) -> None:
    server = serve()
    assert (
        run(server, "replay", "NOTHING", code=1) == "Error: not_found: there is no alert NOTHING\n"
    )
    told = server.alert(action="wait", symbol="AAPL").body
    assert "malformed_alert" in run(server, "replay", told["alert_id"], code=1)


@pytest.mark.parametrize("alone", [False, True], ids=["beside a server", "alone"])
def test_flatten_closes_what_is_ours(serve: Serve, *, alone: bool) -> None:
    server = serve()
    buy(server, strategy="a", stop_loss="5%")
    buy(server, "MSFT", strategy="b")
    if alone:
        server.kill()
    listed = run(server, "flatten", "--dry-run")
    assert "AAPL a: 2 to close" in listed
    assert "MSFT b: 2 to close" in listed
    assert "success" in run(server, "flatten", "--symbol", "MSFT", "--yes")
    assert "success" in run(server, "flatten", "--account", "paper", "--yes")
    assert run(server, "flatten", "--yes") == "nothing of ours is there\n"
    if alone:
        server.start()
    assert held(server) == []


def test_flatten_asks_first(serve: Serve) -> None:
    server = serve()
    buy(server)
    assert "Aborted" in run(server, "flatten", code=1)
    assert "Aborted" in run(server, "flatten", code=1, typed="n\n")
    assert held(server) == ["AAPL"]
    run(server, "flatten", typed="y\n")
    assert held(server) == []


def test_kill_stops_the_entries_of_the_server_that_runs(serve: Serve) -> None:
    server = serve()
    server.alert(wait=2.5, action="buy", symbol="MSFT", quantity=1, price=10, limit_price=5)
    assert "entries are stopped" in run(server, "kill", "--reason", "the news")
    assert (
        server.alert(wait=2.5, action="buy", symbol="AAPL", quantity=1, price=10).body["reason"]
        == "KILL_SWITCH"
    )
    assert "the news" in run(server, "kill", "--status")
    assert "MSFT" not in run(server, "flatten", "--dry-run")
    assert run(server, "kill", "--reset") == "entries are allowed\n"
    buy(server)


def test_reconcile_and_adopt_say_what_they_did(serve: Serve) -> None:
    server = serve()
    buy(server)
    assert run(server, "reconcile") == "paper: 0 orders changed\n"
    assert "invalid" in run(server, "reconcile", "--account", "other", code=1)
    assert "nothing_foreign" in run(server, "adopt", "paper", "AAPL", "trend", code=1)
    assert "unknown_account" in run(server, "adopt", "other", "AAPL", "trend", code=1)


def test_sweep_finds_nothing_where_legs_go_with_their_position(serve: Serve) -> None:
    server = serve()
    buy(server, stop_loss="5%")
    assert run(server, "sweep") == "paper: nothing to sweep\n"
    assert "invalid" in run(server, "sweep", "--account", "other", code=1)


def test_strategies_go_out_as_they_came_in(serve: Serve, tmp_path: Path) -> None:
    server = serve()
    (tmp_path / "rows.csv").write_text(ROWS)
    assert run(server, "strategies", "import", str(tmp_path / "rows.csv")) == "2 rows imported\n"
    first, second = tmp_path / "first.csv", tmp_path / "second.csv"
    run(server, "strategies", "export", str(first))
    assert run(server, "strategies", "export") == first.read_text()
    run(server, "strategies", "import", str(first))
    run(server, "strategies", "export", str(second))
    assert first.read_text() == second.read_text()
    row = server.get("/api/v1/strategies/AAPL/15m").body
    assert (row["stop_loss"], row["take_profit"]) == ({"percent": 2}, {"offset": 3})


def test_of_a_file_with_a_fault_nothing_is_imported(serve: Serve, tmp_path: Path) -> None:
    server = serve()
    file = tmp_path / "rows.csv"
    file.write_text(ROWS + "MSFT,15m,-1,yes,,,\nTSLA,soon,,yes,,,\n")
    told = run(server, "strategies", "import", str(file), code=1)
    assert "line 4: position_size" in told
    assert "line 5: timeframe" in told
    assert run(server, "strategies", "export").count("\n") == 1


def test_rows_go_through_a_pipe_and_no_file_is_replaced_unasked(
    serve: Serve, tmp_path: Path
) -> None:
    server, file = serve(), tmp_path / "rows.csv"
    file.write_text(ROWS)
    run(server, "strategies", "import", str(file))
    piped = run(server, "strategies", "export", "-")
    assert run(server, "strategies", "import", "-", typed=piped) == "2 rows imported\n"
    assert not (server.folder / "-").exists()
    assert "--force" in run(server, "strategies", "export", str(file), code=1)
    assert file.read_text() == ROWS
    assert "wrote 2 rows" in run(server, "strategies", "export", str(file), "--force")


def test_a_file_that_cannot_be_read_or_written_is_a_line(serve: Serve, tmp_path: Path) -> None:
    server, file = serve(), tmp_path / "rows.csv"
    file.write_bytes("symbol\nM\xfcnchen\n".encode("latin-1"))
    assert "not UTF-8" in run(server, "strategies", "import", str(file), code=1)
    away = tmp_path / "away" / "rows.csv"
    told = run(server, "strategies", "export", str(away), code=1)
    assert told == f"Error: invalid: {away}: No such file or directory\n"


def test_without_a_database_a_command_makes_none(serve: Serve, tmp_path: Path) -> None:
    server, elsewhere = serve(), tmp_path / "elsewhere"
    for words in (["kill"], ["flatten", "--yes"], ["strategies", "export"], ["doctor"]):
        told = run(server, *words, code=1, DATA_DIR=str(elsewhere))
        assert "there is no database" in told
    assert not elsewhere.exists()


def test_doctor_reminds_of_what_an_owner_may_have_forgotten(serve: Serve) -> None:
    server = serve()
    (server.folder / ".env").write_text("MAX_OPEN_POSITION=3\n")
    buy(server)
    server.alert(wait=2.5, action="close", symbol="AAPL", timenow="2026-01-05T15:00:07Z")
    run(server, "kill", "--reason", "the news")
    notes = [line for line in run(server, "doctor").splitlines() if line.startswith("note")]
    assert [line.split()[1] for line in notes] == ["kill", "blocked", "settings"]
    assert "MAX_OPEN_POSITIONS" in notes[-1]


def test_a_database_is_no_backup_of_itself(serve: Serve) -> None:
    server = serve()
    server.stop()
    told = run(server, "restore", str(server.database), code=1)
    assert "is the database itself" in told
    assert not list(server.data_dir.glob("*before-restore*"))


def test_unblock_lets_entries_in_again_after_a_missed_exit(serve: Serve) -> None:
    server = serve()
    buy(server)
    late = server.alert(wait=2.5, action="close", symbol="AAPL", timenow="2026-01-05T15:00:07Z")
    assert late.body["reason"] == "EXIT_MISSED"
    assert "kept out" in run(server, "unblock", "paper", "AAPL")
    assert "not_found" in run(server, "unblock", "paper", "AAPL", code=1)
    again = server.alert(wait=2.5, action="add", symbol="AAPL", quantity=1, price=10)
    assert again.body["status"] == "success"
