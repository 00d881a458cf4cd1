"""A server that is told its address looks at it when it starts, and says when it is another."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.fakes.mirror import Mirror
from tests.integration.test_login_command import run
from tests.integration.world import World

OURS, OTHER = "192.0.2.7", "198.51.100.9"
TOLD = "SELECT facts FROM events WHERE kind = 'egress_changed' AND problem"


@pytest.fixture
def mirror() -> Iterator[Mirror]:
    mirror = Mirror(OURS)
    yield mirror
    mirror.close()


@pytest.mark.parametrize("answer", [OURS, OTHER])
def test_another_address_than_the_brokers_know_is_a_problem(
    tmp_path: Path, mirror: Mirror, answer: str
) -> None:
    world = World(tmp_path, settings={"EGRESS_IP": OURS, "EGRESS_URL": mirror.url})
    world.boot()
    mirror.answer = answer
    world.server.chores.turn(0)

    told = [json.loads(row["facts"]) for row in world.rows(TOLD)]
    assert told == ([] if answer == OURS else [{"expected": OURS, "found": OTHER}])


@pytest.mark.parametrize(
    ("answer", "line"),
    [
        (OURS, f"ok     address          {OURS}"),
        (OTHER, f"WRONG  address          {OTHER}, and brokers know {OURS}"),
        ("", "note   address          it cannot be asked for: '' does not appear to be an IPv4 or"),
    ],
)
def test_doctor_says_whether_it_is_the_address_that_brokers_know(
    tmp_path: Path, mirror: Mirror, answer: str, line: str
) -> None:
    world = World(tmp_path, settings={"EGRESS_IP": OURS, "EGRESS_URL": mirror.url})
    world.boot()
    mirror.answer = answer

    assert line in run(world, "doctor").output


def test_doctor_looks_at_no_address_that_nobody_has_set(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.boot()

    assert "address" not in run(world, "doctor").output
