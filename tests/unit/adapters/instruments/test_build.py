"""A generation is whole or it is not made; what is not fit never takes the place of what is."""

import json
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from dataclasses import asdict, replace
from datetime import timedelta
from pathlib import Path

import pytest

from app.adapters.instruments.build import FREEZES, Answer, alone_in, build, read_freezes
from app.adapters.instruments.generation import current, sources_of
from app.adapters.instruments.master import SymbolMaster
from app.domain.instrument import Ticker
from tests.unit.adapters.instruments.lists import (
    SUNDAY,
    make_lists,
    order,
    refreshed,
)

MONDAY = SUNDAY + timedelta(days=1)


@pytest.fixture
def lists(tmp_path: Path) -> Path:
    return make_lists(tmp_path / "lists")


def symbols_in(folder: Path) -> dict[str, int]:
    """How many rows there are of each list."""
    path = current(folder)
    assert path is not None
    with closing(sqlite3.connect(path)) as connection:
        return dict(connection.execute("SELECT source, count(*) FROM symbols GROUP BY source"))


def test_a_folder_of_lists_becomes_a_generation(tmp_path: Path, lists: Path) -> None:
    answer = refreshed(tmp_path, lists)
    assert answer.fresh == ["NSE_CM", "NSE_FO", "BSE_FO"]
    assert answer.missing.keys() == {"BSE_CM", "MCX_COM"}
    assert not answer.failed
    assert answer.generation == "2025-08-17T100000Z.db"
    assert symbols_in(tmp_path / "symbols") == {"NSE_CM": 18, "NSE_FO": 743, "BSE_FO": 6708}
    assert answer.rows == 18 + 743 + 6708


def half(text: str) -> str:
    return text[: len(text) // 2]


def cut_in_the_last_row(text: str) -> str:
    return text[:-20]


def page(_: str) -> str:
    return "<!DOCTYPE html>\n<html><body>Scheduled maintenance</body></html>\n"


def of_another_exchange(text: str) -> str:
    return text.replace("NSE:", "BSE:")


def few_unreadable(text: str) -> str:
    head, *rows = text.splitlines()
    return "\n".join([head, *(row.replace(",0.05,", ",none,", 1) for row in rows[:20]), *rows[20:]])


def twice(text: str) -> str:
    return text + text


def nothing(_: str) -> str:
    return ""


def fewer(text: str) -> str:
    return "\n".join(text.splitlines()[:300]) + "\n"


@pytest.mark.parametrize(
    ("spoil", "why"),
    [
        (half, "breaks off"),
        (cut_in_the_last_row, "breaks off"),
        (page, "are of no use"),
        (of_another_exchange, "no symbol of NSE"),
        (few_unreadable, "no number"),
        (twice, "are of no use"),
        (nothing, "it is empty"),
        (fewer, "it has 300 rows, and the one before had 743"),
    ],
)
def test_a_list_that_is_not_whole_never_replaces_one_that_is(
    tmp_path: Path, lists: Path, spoil: Callable[[str], str], why: str
) -> None:
    refreshed(tmp_path, lists)
    before = symbols_in(tmp_path / "symbols")
    whole = (lists / "NSE_FO.csv").read_text(encoding="utf-8")
    (lists / "NSE_FO.csv").write_text(spoil(whole), encoding="utf-8")
    answer = refreshed(tmp_path, lists, MONDAY)
    assert why in answer.failed["NSE_FO"]
    assert answer.fresh == ["NSE_CM", "BSE_FO"]
    assert symbols_in(tmp_path / "symbols") == before
    path = current(tmp_path / "symbols")
    assert path is not None
    known = sources_of(path)
    assert known["NSE_FO"].checked_at == SUNDAY, "its age is told as it is"
    assert known["NSE_CM"].checked_at == MONDAY


def test_a_few_rows_that_cannot_be_read_are_left_out(tmp_path: Path, lists: Path) -> None:
    text = (lists / "NSE_FO.csv").read_text(encoding="utf-8")
    (lists / "NSE_FO.csv").write_text(f"a,row,of,something,else\n{text}", encoding="utf-8")
    assert "NSE_FO" in refreshed(tmp_path, lists).fresh
    assert symbols_in(tmp_path / "symbols")["NSE_FO"] == 743


def test_who_insists_has_a_list_that_became_much_shorter(tmp_path: Path, lists: Path) -> None:
    refreshed(tmp_path, lists)
    text = (lists / "NSE_FO.csv").read_text(encoding="utf-8")
    (lists / "NSE_FO.csv").write_text(fewer(text), encoding="utf-8")
    assert "NSE_FO" in build(order(tmp_path, lists, MONDAY, force=True)).fresh
    assert symbols_in(tmp_path / "symbols")["NSE_FO"] == 300


def test_where_nothing_can_be_had_nothing_is_made(tmp_path: Path, lists: Path) -> None:
    refreshed(tmp_path, lists)
    answer = refreshed(tmp_path, tmp_path / "nowhere", MONDAY)
    assert answer.generation == ""
    assert answer.failed.keys() == {"NSE_CM", "NSE_FO", "BSE_FO"}
    path = current(tmp_path / "symbols")
    assert path is not None
    assert path.name == "2025-08-17T100000Z.db"
    assert [left.name for left in path.parent.glob("*draft*")] == []


def test_lists_that_did_not_change_are_of_now(tmp_path: Path, lists: Path) -> None:
    refreshed(tmp_path, lists)
    answer = refreshed(tmp_path, lists, MONDAY)
    assert answer.fresh == ["NSE_CM", "NSE_FO", "BSE_FO"]
    path = current(tmp_path / "symbols")
    assert path is not None
    assert {source.checked_at for source in sources_of(path).values()} == {MONDAY}
    assert symbols_in(tmp_path / "symbols")["NSE_FO"] == 743


def test_the_last_generation_of_each_of_some_days_is_kept(tmp_path: Path, lists: Path) -> None:
    (lists / "BSE_FO.csv").unlink()  # the others are quicker
    for hours in range(0, 8 * 24, 12):
        refreshed(tmp_path, lists, SUNDAY + timedelta(hours=hours))
    assert sorted(path.stem for path in (tmp_path / "symbols").glob("*.db")) == [
        "2025-08-21T100000Z",
        "2025-08-22T100000Z",
        "2025-08-23T100000Z",
        "2025-08-24T100000Z",
        "2025-08-24T220000Z",  # the 25th, in India
    ]


def test_two_refreshes_in_a_second_are_two_generations(tmp_path: Path, lists: Path) -> None:
    assert refreshed(tmp_path, lists).generation != refreshed(tmp_path, lists).generation


def test_while_one_makes_a_generation_others_do_not(tmp_path: Path, lists: Path) -> None:
    (tmp_path / "symbols").mkdir()
    with alone_in(tmp_path / "symbols") as alone:
        assert alone
        assert refreshed(tmp_path, lists) == Answer(busy=True)


def test_of_processes_that_race_to_refresh_one_does(tmp_path: Path, lists: Path) -> None:
    told = json.dumps(asdict(replace(order(tmp_path, lists), when_due=True)))
    command = [sys.executable, "-m", "app.adapters.instruments.build", told]
    racers = [subprocess.Popen(command, stdout=subprocess.PIPE, text=True) for _ in range(4)]  # noqa: S603  # our own
    answers = [Answer(**json.loads(racer.communicate(timeout=120)[0])) for racer in racers]
    assert sum(not answer.busy for answer in answers) == 1
    assert len(list((tmp_path / "symbols").glob("*.db"))) == 1


def test_a_process_that_was_killed_at_it_leaves_nothing_that_counts(
    tmp_path: Path, lists: Path
) -> None:
    refreshed(tmp_path, lists)
    (tmp_path / "symbols" / "2025-08-18T000000Z.draft").write_bytes(b"half")
    (tmp_path / "symbols" / "2025-08-18T000000Z.draft-NSE_FO").write_bytes(b"half")
    refreshed(tmp_path, lists, MONDAY)
    assert list((tmp_path / "symbols").glob("*draft*")) == []


def test_a_generation_of_another_format_is_made_anew(tmp_path: Path, lists: Path) -> None:
    refreshed(tmp_path, lists)
    path = current(tmp_path / "symbols")
    assert path is not None
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 99")
    assert current(tmp_path / "symbols") is None
    assert refreshed(tmp_path, lists, MONDAY).generation


def test_the_child_answers_with_a_line(tmp_path: Path, lists: Path) -> None:
    told = json.dumps(asdict(order(tmp_path, lists)))
    command = [sys.executable, "-m", "app.adapters.instruments.build", told]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=120)  # noqa: S603  # our own
    assert Answer(**json.loads(done.stdout)).fresh == ["NSE_CM", "NSE_FO", "BSE_FO"]


def test_freezes_of_the_owner_go_before_ours(tmp_path: Path, lists: Path) -> None:
    published = "S.No.,SYMBOL    ,VOL_FRZ_QTY    \n4    ,NIFTY     ,1755           \n"
    (tmp_path / "symbols").mkdir()
    (tmp_path / "symbols" / "freeze.csv").write_text(published, encoding="utf-8")
    refreshed(tmp_path, lists)
    master = SymbolMaster(tmp_path)
    freezes = {name: master.named(Ticker("NSE", f"{name}25AUGFUT")) for name in ("NIFTY", "M&M")}
    assert {name: found and found.freeze for name, found in freezes.items()} == {
        "NIFTY": 1755,
        "M&M": 6000,
    }


def test_freezes_are_read_from_the_list_of_the_exchange() -> None:
    freezes = read_freezes(FREEZES)
    assert freezes["NIFTY"] == 1800
    assert freezes["ZYDUSLIFE"] == 27000
    assert len(freezes) == 213
