"""docs/failure-matrix.md names tests that there are, and each of its rows is shown by some."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs/failure-matrix.md"
ROW = re.compile(r"^\| (?!fault|---)(.+) \|$", re.MULTILINE)
NAME = re.compile(r"`(test_\w+)`")
DEFINED = re.compile(r"^(?:    )?def (test_\w+)\(", re.MULTILINE)


def rows() -> list[list[str]]:
    return [row.split(" | ") for row in ROW.findall(PAGE.read_text(encoding="utf-8"))]


def test_every_row_is_shown_by_tests_that_there_are() -> None:
    files = (ROOT / "tests").rglob("test_*.py")
    there = {name for file in files for name in DEFINED.findall(file.read_text(encoding="utf-8"))}
    for cells in rows():
        named = set(NAME.findall(cells[-1]))
        assert named, cells[0]
        assert named <= there, named - there


def test_it_has_rows() -> None:
    assert len(rows()) > 20
    assert all(len(cells) == 3 for cells in rows())


def test_what_stands_in_the_files_of_the_matrix_stands_in_its_rows() -> None:
    file = ROOT / "tests/integration/test_failure_matrix.py"
    named = NAME.findall(PAGE.read_text(encoding="utf-8"))
    assert set(DEFINED.findall(file.read_text(encoding="utf-8"))) <= set(named)
