"""Eight processes find the same dead token: one makes a new one, and all end with it."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.domain.token import Login, Token
from app.ports.tokens import NOTHING
from tests.integration.racer import BUCKET, store_at
from tests.simulators.gcs import Fault, GcsServer, Kind
from tests.simulators.login_host import REFRESH, LoginHost

ROOT = Path(__file__).parents[2]
RACERS = 8
DEAD = Token(
    access="dead",
    refresh=REFRESH,
    expires_at=datetime(2026, 1, 1, tzinfo=UTC),
    obtained_at=datetime(2025, 12, 31, tzinfo=UTC),
)


@pytest.fixture
def host() -> Iterator[LoginHost]:
    with LoginHost() as host:
        host.script.delay = 0.3  # long enough for all of them to want one
        host.script.expires = (datetime.now(UTC) + timedelta(hours=1)).timestamp()
        yield host


@pytest.fixture
def gcs(monkeypatch: pytest.MonkeyPatch) -> Iterator[GcsServer]:
    with GcsServer(BUCKET) as server:
        monkeypatch.setenv("STORAGE_EMULATOR_HOST", server.url)
        yield server


def race(folders: list[Path], kind: str, host: LoginHost) -> list[tuple[str, int]]:
    """Let a process run for each folder; the token that each has in the end, and made itself."""
    racers = [
        subprocess.Popen(  # noqa: S603  # our own module
            [sys.executable, "-m", "tests.integration.racer", str(folder), kind, host.url],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for folder in folders
    ]
    try:
        for racer in racers:
            assert racer.stdout is not None
            assert racer.stdout.readline() == "ready\n"
        ends: list[tuple[str, int]] = []
        for racer in racers:
            assert racer.stdin is not None
            racer.stdin.write("go\n")
            racer.stdin.flush()
        for racer in racers:
            said, _ = racer.communicate(timeout=90)
            token, _, made = said.strip().partition(" ")
            ends.append((token, int(made)))
    finally:
        for racer in racers:
            racer.kill()
            racer.communicate()
    return ends


def judge(ends: list[tuple[str, int]], host: LoginHost, kept: Login) -> None:
    """One refresh, one winner, the same token everywhere."""
    assert host.script.asked == ["validate-refresh-token"]
    assert sorted(made for _, made in ends) == [0] * (RACERS - 1) + [1]
    assert {token for token, _ in ends} == set(host.script.made)
    assert kept.token is not None
    assert [kept.token.access] == host.script.made
    assert kept.claim is None


@pytest.mark.parametrize(
    "faults",
    [[], [Fault(Kind.LOST, "POST", times=4)], [Fault(Kind.UNAVAILABLE, times=6)]],
    ids=["all is well", "answers are lost", "some requests fail"],
)
def test_of_eight_machines_one_makes_a_token_and_all_use_it(
    tmp_path: Path, host: LoginHost, gcs: GcsServer, faults: list[Fault]
) -> None:
    store_at(tmp_path / "first", "gcs").write(Login(DEAD), NOTHING)
    gcs.faults = faults
    ends = race([tmp_path / f"machine{number}" for number in range(RACERS)], "gcs", host)
    judge(ends, host, store_at(tmp_path / "judge", "gcs").read().login)


def test_of_eight_processes_on_one_machine_one_makes_a_token_and_all_use_it(
    tmp_path: Path, host: LoginHost
) -> None:
    store = store_at(tmp_path, "file")
    store.write(Login(DEAD), NOTHING)
    judge(race([tmp_path] * RACERS, "file", host), host, store.read().login)
