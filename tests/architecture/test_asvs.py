"""The page about ASVS counts right, names each requirement once, and cites tests that exist."""

import re
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/security/asvs.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| v5\.0\.0-(.+?) \| (\S.*?) \| (.+) \|$", re.MULTILINE)
COUNTED = re.compile(r"Together: (\d+) met, (\d+) partly, (\d+) not met\.")


def rows() -> list[tuple[str, str, str]]:
    return ROW.findall(PAGE)


def single_ids(text: str) -> list[str]:
    """The ids that a row names one by one; not its ranges."""
    return [part for part in text.split(", ") if re.fullmatch(r"\d+\.\d+\.\d+", part)]


def test_every_row_has_one_of_four_words() -> None:
    assert len(rows()) > 60
    assert {word for _, word, _ in rows()} == {"met", "partly", "not met", "n/a"}


def test_no_requirement_is_judged_twice() -> None:
    counted = Counter(each for ids, _, _ in rows() for each in single_ids(ids))
    assert [each for each, times in counted.items() if times > 1] == []


def test_the_page_counts_right() -> None:
    counted = Counter[str]()
    for ids, word, _ in rows():
        counted[word] += len(ids.split(", "))
    told = COUNTED.search(PAGE)
    assert told is not None
    assert [int(n) for n in told.groups()] == [
        counted["met"], counted["partly"], counted["not met"],
    ]  # fmt: skip


def test_what_is_not_met_is_listed_again() -> None:
    at_the_end = PAGE.rpartition("## What is not met")[2]
    for ids, word, _ in rows():
        for each in single_ids(ids):
            assert (word == "not met") == (f"{each}" in re.findall(r"\d+\.\d+\.\d+", at_the_end))


def test_what_is_met_says_where_that_shows() -> None:
    """A test, a file, a page, a rule of the linter, or why there is nothing to go wrong."""
    for ids, word, words in rows():
        if word == "met":
            assert len(words) > 15, ids
