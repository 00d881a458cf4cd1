"""Restarts and reloads for minutes, under load."""

import socket

import pytest

from tests.e2e.books import STARTING_CASH
from tests.e2e.conftest import Serve
from tests.e2e.test_shutdown import listener, reload_under_load, restart_under_load

__all__ = ["listener"]

pytestmark = pytest.mark.torture


def test_forty_restarts_lose_nothing(serve: Serve, figures: list[str], seed: int) -> None:
    server = serve(PAPER_CASH=str(STARTING_CASH), LOG_LEVEL="WARNING")
    figures.append(restart_under_load(server, restarts=40, seed=seed)[1])


def test_forty_restarts_behind_an_inherited_socket_refuse_nobody(
    serve: Serve, listener: socket.socket, figures: list[str], seed: int
) -> None:
    server = serve(listener=listener, PAPER_CASH=str(STARTING_CASH), LOG_LEVEL="WARNING")
    traders, told = restart_under_load(server, restarts=40, seed=seed)
    figures.append(f"inherited socket: {told}")
    assert traders.refused == 0


def test_forty_reloads_lose_nothing(serve: Serve, figures: list[str], seed: int) -> None:
    server = serve(PAPER_CASH=str(STARTING_CASH), LOG_LEVEL="WARNING")
    figures.append(reload_under_load(server, reloads=40, seed=seed))
