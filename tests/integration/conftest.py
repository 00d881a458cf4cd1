"""Worlds: whole servers without gunicorn, at a broker that a test directs, or on paper."""

from pathlib import Path

import pytest

from tests.fakes.broker import FakeBroker
from tests.integration.world import World


@pytest.fixture
def world(tmp_path: Path) -> World:
    """At a broker that does what it is told."""
    world = World(tmp_path)
    world.broker = FakeBroker(clock=world.clock)
    world.boot()
    return world


@pytest.fixture
def paper(tmp_path: Path) -> World:
    """On the paper broker."""
    world = World(tmp_path)
    world.boot()
    return world
