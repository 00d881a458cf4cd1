"""The registry opens brokers by name, ours and those of other packages."""

import sys
from pathlib import Path

import pytest

from app.adapters.brokers.paper.broker import PaperBroker
from app.adapters.brokers.registry import Resources, open_broker
from app.adapters.sql import Database
from app.domain.errors import BrokerUnavailable, ConfigError
from tests.fakes.addresses import AddressPages
from tests.fakes.budget import NoLimit
from tests.fakes.clock import FakeClock


@pytest.fixture
def resources(tmp_path: Path) -> Resources:
    return Resources(
        database=Database(tmp_path / "books.db"),
        clock=FakeClock(),
        addresses=AddressPages(),
        budgets=NoLimit(),
    )


def test_a_built_in_broker_opens_under_the_name_of_its_account(resources: Resources) -> None:
    broker = open_broker("paper", "play", {"CASH": "5"}, resources)

    assert isinstance(broker, PaperBroker)
    assert broker.account == "play"


def test_another_package_brings_a_broker_along(
    resources: Resources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = tmp_path / "toy-1.0.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Name: toy\nVersion: 1.0\n")
    (installed / "entry_points.txt").write_text(
        "[novalgo.brokers]\ntoy = app.adapters.brokers.paper.broker:open_broker\n"
    )
    monkeypatch.setattr("sys.path", [str(tmp_path), *sys.path])

    assert open_broker("toy", "toys", {}, resources).account == "toys"
    with pytest.raises(ConfigError, match=r"no broker 'tyo'; known are:.*paper.*toy"):
        open_broker("tyo", "toys", {}, resources)


def test_an_unknown_broker_stops_the_start_and_the_known_are_named(resources: Resources) -> None:
    with pytest.raises(ConfigError, match=r"no broker 'papre'; known are:.*paper"):
        open_broker("papre", "paper", {}, resources)


def test_a_broker_whose_software_is_broken_shuts_its_account_and_says_why(
    resources: Resources, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed = tmp_path / "toy-1.0.dist-info"
    installed.mkdir()
    (installed / "METADATA").write_text("Name: toy\nVersion: 1.0\n")
    (installed / "entry_points.txt").write_text("[novalgo.brokers]\ntoy = toy_broker:open_broker\n")
    (tmp_path / "toy_broker.py").write_text("import an_sdk_that_nobody_installed\n")
    monkeypatch.setattr("sys.path", [str(tmp_path), *sys.path])

    broker = open_broker("toy", "toys", {}, resources)

    assert (broker.account, broker.skew()) == ("toys", None)
    for call in (broker.orders, broker.positions, broker.balance, broker.troubles):
        with pytest.raises(BrokerUnavailable, match="toy cannot be opened: ModuleNotFoundError"):
            call()
    broker.watch(lambda _: None)
    broker.close()
