"""What deploy/ and the container files say is true, as far as it can be known without a machine."""

import re
import shutil
import subprocess
import tomllib
from fnmatch import fnmatch
from pathlib import Path
from typing import Any, cast

import pytest
import yaml

from app.config import FIELDS

ROOT = Path(__file__).parents[2]
UNITS = ROOT / "deploy/systemd"
NGINX = ROOT / "deploy/nginx"
ANALYZE = shutil.which("systemd-analyze")
WORST_EXPOSURE = 2.0
TRADINGVIEW = {"52.89.214.238", "34.212.75.30", "54.218.53.128", "52.32.178.7"}
ADDRESS = re.compile(r"\b\d+\.\d+\.\d+\.\d+\b")
HERE = "[Service]\nExecStart=\nExecStart=/bin/true\nWorkingDirectory=/\n"
"""What stands in for the server, which is not installed here."""

with_systemd = pytest.mark.skipif(ANALYZE is None, reason="systemd-analyze is not installed")


def lines_of(file: str) -> list[str]:
    text = (ROOT / file).read_text(encoding="utf-8").replace("\\\n", " ")
    return [line for line in text.splitlines() if line and not line.startswith("#")]


def run(*words: object) -> subprocess.CompletedProcess[str]:
    command = [str(word) for word in words]
    return subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)  # noqa: S603  # installed


# ------------------------------------------------------------------------------ Docker


def copied() -> set[str]:
    """What the image takes from this folder."""
    found: set[str] = set()
    for line in lines_of("Dockerfile"):
        if line.startswith("COPY ") and "--from" not in line:
            found |= set(line.split()[1:-1])
    return found


def test_every_file_of_the_image_exists_and_is_sent_to_the_builder() -> None:
    sent = {line.removeprefix("!") for line in lines_of(".dockerignore") if line.startswith("!")}
    assert lines_of(".dockerignore")[0] == "*"
    assert copied() == sent
    assert [name for name in sent if not (ROOT / name).exists()] == []


def test_the_image_has_the_python_that_the_house_is_written_for() -> None:
    tools = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    bases = [line.split()[1] for line in lines_of("Dockerfile") if line.startswith("FROM ")]
    assert bases == [f"python:{tools['mypy']['python_version']}-slim-bookworm"] * 2


def test_the_image_installs_what_is_locked_and_nothing_else() -> None:
    (install,) = [line for line in lines_of("Dockerfile") if "pip --python" in line]
    for option in ("--require-hashes", "--no-deps", "--only-binary :all:"):
        assert option in install, option


def test_the_image_runs_as_nobody_in_particular_and_is_asked_for_its_health() -> None:
    final = "\n".join(lines_of("Dockerfile")).rpartition("FROM ")[2].splitlines()
    user = final.index("USER 10001:10001")  # a number, so that a host can tell that it is not root
    assert user < final.index(next(line for line in final if line.startswith("CMD ")))
    assert [line for line in final if line.startswith("RUN") and "uninstall" in line]
    assert [line for line in final if line.startswith("HEALTHCHECK") and "/health" in line]


def test_the_settings_of_container_and_service_are_settings() -> None:
    service = [line.partition("=")[0] for line in lines_of("deploy/systemd/service.env")]
    named = {*compose()["environment"], *service}
    assert {name for name in named if name.lower() not in FIELDS} == set()


@pytest.mark.skipif(shutil.which("hadolint") is None, reason="hadolint is not installed")
def test_hadolint_finds_nothing_wrong_with_the_image() -> None:
    told = run(shutil.which("hadolint"), "--no-color", ROOT / "Dockerfile")
    assert (told.returncode, told.stdout) == (0, "")


def compose() -> dict[str, Any]:
    text = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
    services = cast("dict[str, Any]", yaml.safe_load(text)["services"])
    return cast("dict[str, Any]", services["novalgo"])


def test_the_container_has_no_more_rights_than_it_needs() -> None:
    service = compose()
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["ports"] == ["127.0.0.1:8080:8080"]
    assert {"mem_limit", "pids_limit", "restart", "healthcheck"} <= service.keys()


def test_docker_itself_understands_the_compose_file(tmp_path: Path) -> None:
    docker = shutil.which("docker")
    if docker is None or run(docker, "compose", "version").returncode:
        pytest.skip("docker compose is not installed")
    file = shutil.copy(ROOT / "docker-compose.yml", tmp_path)
    (tmp_path / ".env").write_text("WEBHOOK_SECRET=a\n")
    told = run(docker, "compose", "-f", file, "config", "--quiet")
    assert (told.returncode, told.stderr) == (0, "")


# ----------------------------------------------------------------------------- systemd


@pytest.fixture
def units(tmp_path: Path) -> Path:
    """The units on a machine on which /bin/true serves."""
    folder = Path(shutil.copytree(UNITS, tmp_path / "units"))
    (folder / "novalgo.service.d").mkdir()
    (folder / "novalgo.service.d/here.conf").write_text(HERE)
    return folder


@with_systemd
def test_systemd_finds_nothing_wrong_with_the_units(units: Path) -> None:
    files = [units / "novalgo.service", units / "novalgo.socket"]
    told = run(ANALYZE, "verify", "--man=no", *files)
    assert (told.returncode, told.stderr) == (0, "")


@with_systemd
def test_systemd_would_say_what_is_wrong(units: Path) -> None:
    (units / "novalgo.service.d/wrong.conf").write_text("[Service]\nProtectSytem=strict\n")
    told = run(ANALYZE, "verify", "--man=no", units / "novalgo.service")
    assert "ProtectSytem" in told.stderr


@with_systemd
def test_the_service_is_exposed_little() -> None:
    told = run(ANALYZE, "security", "--offline=true", "--no-pager", UNITS / "novalgo.service")
    exposure = re.search(r"exposure level for novalgo\.service: ([\d.]+)", told.stdout)
    assert exposure is not None, told
    assert float(exposure[1]) <= WORST_EXPOSURE


def test_the_service_and_nginx_speak_through_the_same_socket() -> None:
    path = "/run/novalgo/novalgo.sock"
    assert f"ListenStream={path}" in lines_of("deploy/systemd/novalgo.socket")
    assert f"BIND=unix:{path}" in lines_of("deploy/systemd/service.env")
    assert "EnvironmentFile=/opt/novalgo/deploy/systemd/service.env" in lines_of(
        "deploy/systemd/novalgo.service"
    )
    assert f"    server unix:{path};" in lines_of("deploy/nginx/novalgo.conf")


# ------------------------------------------------------------------------- nginx, Caddy


def test_the_lists_of_addresses_are_tradingview_s() -> None:
    allowed = [line.split()[1].rstrip(";") for line in lines_of("deploy/nginx/tradingview.conf")]
    assert set(allowed[:-1]) == TRADINGVIEW
    assert lines_of("deploy/nginx/tradingview.conf")[-1] == "deny all;"
    (stranger,) = [line for line in lines_of("deploy/Caddyfile") if "not remote_ip 5" in line]
    assert set(ADDRESS.findall(stranger)) == TRADINGVIEW


def test_every_file_that_nginx_includes_is_there() -> None:
    included: set[str] = set()
    for file in NGINX.glob("*.conf"):
        included |= set(re.findall(r"include novalgo/([\w.-]+);", file.read_text("utf-8")))
    assert included == {file.name for file in NGINX.glob("*.conf")} - {"novalgo.conf"}


def test_no_webhook_is_forgotten_in_the_list_of_addresses() -> None:
    """Each location of alerts includes the list; each path of alerts has such a location."""
    blocks = re.findall(
        r"location (.+?) \{\n(.+?)\n\}", (NGINX / "locations.conf").read_text(), re.DOTALL
    )
    guarded = [where.split()[-1] for where, body in blocks if "tradingview.conf" in body]
    for path in ("/webhook", "/webhook/x", "/tradingview/webhook/bracket"):
        assert [where for where in guarded if fnmatch(path, f"{where}*")], path


@pytest.mark.skipif(shutil.which("caddy") is None, reason="caddy is not installed")
def test_caddy_understands_its_file() -> None:
    file = ROOT / "deploy/Caddyfile"
    told = run(shutil.which("caddy"), "validate", "--adapter", "caddyfile", "--config", file)
    assert told.returncode == 0, told.stderr
