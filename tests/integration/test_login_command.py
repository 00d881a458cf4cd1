"""`login` takes what the login page ended with, and the server that runs goes on with it."""

from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from click.testing import Result

from app.bootstrap import build_app
from app.cli import add_commands
from tests.integration.gate import keep
from tests.integration.world import World
from tests.simulators.login_host import CODE, REDIRECT, REFRESH, LoginHost


@pytest.fixture
def world(gated: World) -> World:
    return gated


@pytest.fixture
def host(login_host: LoginHost) -> LoginHost:
    return login_host


def run(world: World, *words: str, typed: str = "") -> Result:
    """The command in a process beside the server, as far as its services go."""
    app = build_app(world.server)
    add_commands(app, world.server.settings)
    with app.app_context():
        return app.test_cli_runner().invoke(args=list(words), input=typed)


def link_in(said: str) -> str:
    """The link that was printed."""
    (link,) = [word for word in said.split() if "generate-authcode" in word]
    return link


def test_the_code_alone_will_do(world: World, host: LoginHost) -> None:
    told = run(world, "login", typed=f"{CODE}\n")
    assert told.exit_code == 0, told.output
    assert "fyers: good until 2026-11-21 00:30 UTC" in told.output
    for secret in (*host.script.made, CODE, REFRESH):
        assert secret not in told.output


def test_a_whole_address_is_read_and_its_state_compared(world: World, host: LoginHost) -> None:
    address = f"{REDIRECT}?s=ok&code=200&auth_code={CODE}&state=of-another-login"
    told = run(world, "login", typed=f"{address}\n")
    assert (told.exit_code, host.script.asked) == (1, [])
    assert "invalid_state" in told.output


def test_a_code_that_is_refused_is_a_line(world: World) -> None:
    told = run(world, "login", "fyers", typed="wrong\n")
    assert told.exit_code == 1
    assert "login_refused" in told.output


def test_nothing_is_typed_when_the_server_saw_the_login_end(world: World, host: LoginHost) -> None:
    told = run(world, "login", typed="\n")
    assert told.exit_code == 1
    assert "login_needed: the token of fyers is missing" in told.output
    manager = world.server.services.logins.get()
    assert manager is not None
    manager.take(manager.desk.exchange(CODE))
    assert run(world, "login", typed="\n").exit_code == 0


def test_the_link_is_of_our_application(world: World) -> None:
    query = parse_qs(urlsplit(link_in(run(world, "login", typed="\n").output)).query)
    assert query["client_id"] == ["CANARYAPP-100"]


def test_the_status_alone_asks_nothing(world: World, host: LoginHost) -> None:
    told = run(world, "login", "--status")
    assert (told.exit_code, host.script.asked) == (1, [])
    run(world, "login", typed=f"{CODE}\n")
    told = run(world, "login", "FYERS", "--status")
    assert told.exit_code == 0
    assert told.output.startswith("fyers: good until")


def test_an_account_without_a_login_is_a_line(world: World) -> None:
    told = run(world, "login", "paper")
    assert told.exit_code == 1
    assert "unknown_account: no account paper wants a login" in told.output


def test_where_nobody_wants_a_login_the_status_is_no_error(tmp_path: Path) -> None:
    world = World(tmp_path)
    world.boot()
    told = run(world, "login", "--status")
    assert (told.exit_code, told.output) == (0, "no account here wants a login\n")
    assert run(world, "login").exit_code == 1
    assert run(world, "login", "paper", "--status").exit_code == 1


def test_without_a_key_the_command_has_nobody_to_hand_a_token_to(world: World) -> None:
    del world.settings["TOKEN_KEY"]
    world.crash_and_boot()
    told = run(world, "login", typed=f"{CODE}\n")
    assert told.exit_code == 1
    assert "TOKEN_KEY is not set" in told.output


def test_doctor_says_what_is_wrong_with_the_place_of_the_tokens(world: World) -> None:
    assert "tokens fyers" not in run(world, "doctor").output
    (world.folder / "tokens" / "fyers.json").unlink(missing_ok=True)
    (world.folder / "tokens" / "fyers.json").mkdir(parents=True)
    told = run(world, "doctor").output
    assert "WRONG  tokens fyers     token_store_unavailable: IsADirectoryError" in told
    del world.settings["TOKEN_KEY"]
    world.crash_and_boot()
    told = run(world, "doctor").output
    assert "note   tokens fyers     kept in memory only, for want of TOKEN_KEY" in told


@pytest.mark.parametrize("logged_in", [False, True])
def test_doctor_says_until_when_a_token_is_good(world: World, *, logged_in: bool) -> None:
    if logged_in:
        run(world, "login", typed=f"{CODE}\n")
        keep(world)
    told = run(world, "doctor")
    lines = [line for line in told.output.splitlines() if "token fyers" in line]
    good = "ok     token fyers      good until 2026-11-21 00:30 UTC"
    bad = "WRONG  token fyers      missing: log in, see `login`"
    assert lines == [good if logged_in else bad]
