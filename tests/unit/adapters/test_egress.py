"""Whether the world sees us at the address that a broker knows."""

from collections.abc import Iterator

import pytest

from app.adapters.egress import Egress
from tests.fakes.mirror import Mirror

OURS, OTHER = "192.0.2.7", "198.51.100.9"


@pytest.fixture
def mirror() -> Iterator[Mirror]:
    mirror = Mirror(OURS)
    yield mirror
    mirror.close()


def test_another_address_is_told_once_until_it_changes(mirror: Mirror) -> None:
    told: list[str] = []
    egress = Egress(OURS, mirror.url, told.append)
    for answer in (OURS, f"{OTHER}\n", OTHER, OURS, OTHER):
        mirror.answer = answer
        egress.look()

    assert told == [OTHER, OTHER]


@pytest.mark.parametrize("answer", ["", "<html>", "192.0.2", "é"])
def test_what_is_no_address_is_no_alarm(mirror: Mirror, answer: str) -> None:
    told: list[str] = []
    mirror.answer = answer
    Egress(OURS, mirror.url, told.append).look()

    assert told == []


def test_who_cannot_ask_does_not_know(mirror: Mirror) -> None:
    told: list[str] = []
    mirror.close()
    Egress(OURS, mirror.url, told.append).look()

    assert told == []
