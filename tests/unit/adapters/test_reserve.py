"""The reserve: there while there is room, given up once when there is none, made again after."""

import errno
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import pytest

from app.adapters.reserve import LEAST, SIZE, Reserve, make_room


class Usage(NamedTuple):
    free: int
    total: int


Room = Callable[..., None]


@pytest.fixture
def room(monkeypatch: pytest.MonkeyPatch) -> Room:
    """Says how much room there is on the disk."""

    def say(free: int, total: int = 100 * SIZE) -> None:
        def usage(_: Path) -> Usage:
            return Usage(free, total)

        monkeypatch.setattr(shutil, "disk_usage", usage)

    say(100 * SIZE)
    return say


@pytest.fixture
def told() -> list[bool]:
    return []


@pytest.fixture
def reserve(tmp_path: Path, room: Room, told: list[bool]) -> Reserve:
    return Reserve(tmp_path, told.append)


def test_it_takes_its_room_and_nobody_hears_of_it(
    reserve: Reserve, tmp_path: Path, told: list[bool]
) -> None:
    assert not reserve.spent
    reserve.keep()
    reserve.keep()
    taken = (tmp_path / "reserve").stat()
    assert (taken.st_size, taken.st_blocks * 512 >= SIZE) == (SIZE, True)
    assert (reserve.spent, told) == (False, [])


def test_it_is_given_up_once_and_told_once(
    reserve: Reserve, room: Room, tmp_path: Path, told: list[bool]
) -> None:
    reserve.keep()
    room(SIZE)
    for _ in range(3):
        reserve.spend()
        reserve.keep()
    assert (reserve.spent, told) == (True, [True])
    assert list(tmp_path.iterdir()) == []


def test_the_need_ends_when_more_is_free_than_what_was_given_up(
    reserve: Reserve, room: Room, told: list[bool]
) -> None:
    reserve.keep()
    reserve.spend()
    room(SIZE + LEAST - 1)
    reserve.keep()
    assert reserve.spent
    room(SIZE + LEAST)
    reserve.keep()
    assert (reserve.spent, told) == (False, [True, False])


def test_it_is_made_again_when_there_is_room_for_two(
    reserve: Reserve, room: Room, tmp_path: Path
) -> None:
    reserve.keep()
    reserve.spend()
    room(2 * SIZE - 1)
    reserve.keep()
    assert not (tmp_path / "reserve").exists()
    room(2 * SIZE)
    reserve.keep()
    assert (tmp_path / "reserve").exists()


def test_a_disk_that_was_full_for_a_moment_is_told_too(reserve: Reserve, told: list[bool]) -> None:
    reserve.keep()
    reserve.spend()
    reserve.keep()
    assert told == [True, False]


def test_a_disk_too_small_for_it_is_no_full_disk(
    reserve: Reserve, room: Room, tmp_path: Path, told: list[bool]
) -> None:
    room(SIZE, 3 * SIZE)
    reserve.keep()
    assert (reserve.spent, told, list(tmp_path.iterdir())) == (False, [], [])
    reserve.spend()
    room(LEAST, 3 * SIZE)
    reserve.keep()
    assert (reserve.spent, told) == (False, [True, False])


def test_without_room_at_the_start_only_exits_are_taken(
    reserve: Reserve, room: Room, told: list[bool]
) -> None:
    room(SIZE)
    reserve.keep()
    assert (reserve.spent, told) == (True, [True])


def test_what_could_not_be_told_is_told_later(tmp_path: Path, room: Room) -> None:
    told: list[bool] = []

    def tell(full: bool) -> None:
        told.append(full)
        if len(told) == 1:
            raise OSError("still no room")

    reserve = Reserve(tmp_path, tell)
    reserve.spend()
    with pytest.raises(OSError, match="no room"):
        reserve.keep()
    reserve.keep()
    assert told == [True, True, False]


@pytest.mark.parametrize("fault", [errno.ENOSPC, errno.EDQUOT, errno.EACCES])
def test_a_file_that_cannot_be_made_stops_nothing(
    fault: int, reserve: Reserve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise OSError(fault, os.strerror(fault))

    monkeypatch.setattr(os, "posix_fallocate", fail)
    reserve.keep()
    assert not reserve.spent
    assert list(tmp_path.iterdir()) == []


def test_a_start_without_room_gives_it_up(reserve: Reserve, room: Room, tmp_path: Path) -> None:
    reserve.keep()
    make_room(tmp_path)
    assert (tmp_path / "reserve").exists()
    room(LEAST - 1)
    make_room(tmp_path)
    make_room(tmp_path / "not there")
    assert not (tmp_path / "reserve").exists()
