"""docs/events.md says what the code says, and the code says of every event what it means."""

from pathlib import Path

import pytest

from app.domain.events import ABOUT, EventKind
from app.domain.facts import FACTS
from tools import docs_events

ROOT = Path(__file__).parents[2]


def test_every_kind_has_its_words() -> None:
    assert set(EventKind) == set(ABOUT), "add the new kind to ABOUT in app/domain/events.py"


def test_every_fact_has_its_words_and_every_word_a_fact() -> None:
    used = {name for about in ABOUT.values() for name in about.facts}
    assert used == set(FACTS), "add it to FACTS in app/domain/facts.py"


def test_the_page_says_what_the_code_says() -> None:
    page = docs_events.PAGE.read_text(encoding="utf-8")
    assert docs_events.expected(page) == page, "run `make docs`"


@pytest.mark.parametrize("kind", EventKind)
def test_what_is_to_be_done_points_at_pages_that_there_are(kind: EventKind) -> None:
    words = [word.strip(".,") for word in ABOUT[kind].todo.split()]
    pages = [word for word in words if word.startswith("docs/")]
    assert all((ROOT / page).is_file() for page in pages), pages
