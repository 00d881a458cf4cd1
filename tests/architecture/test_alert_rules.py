"""Every alert rule is about a figure that there is, and has a page that helps at night."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any, cast

import pytest
import yaml
from flask.testing import FlaskClient

from tests.integration.api import buy

ROOT = Path(__file__).parents[2]
RULES = ROOT / "deploy/prometheus/alerts.yml"
RUNBOOK = ROOT / "docs/runbook"
MONITORING = ROOT / "docs/howto/monitoring.md"
PROMTOOL = shutil.which("promtool")
NAME = re.compile(r"novalgo_\w+")
PARTS = (
    "**What it means.**",
    "**What the server already did.**",
    "**What to do.**",
    "**When to flatten by hand.**",
)


def rules() -> list[dict[str, Any]]:
    groups = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    return [rule for group in cast("list[dict[str, Any]]", groups) for rule in group["rules"]]


each_rule = pytest.mark.parametrize("rule", rules(), ids=lambda rule: rule["alert"])


@pytest.fixture
def shown(client: FlaskClient) -> str:
    """What Prometheus reads of a server that has traded."""
    buy(client)
    return client.get("/metrics").text


@each_rule
def test_every_figure_of_a_rule_is_in_the_metrics(rule: dict[str, Any], shown: str) -> None:
    names = set(NAME.findall(rule["expr"]))
    there = {match[0] for match in re.finditer(r"^\w+", shown, re.MULTILINE)}
    assert names <= there
    assert names or rule["alert"] == "NovalgoDown"


@each_rule
def test_every_label_of_a_rule_is_in_the_metrics(rule: dict[str, Any], shown: str) -> None:
    for name, labels in re.findall(r"(novalgo_\w+)\{(.+?)\}", rule["expr"]):
        for label, value in re.findall(r'(\w+)!?=~?"(.+?)"', labels):
            assert re.search(rf"^{name}\{{.*\b{label}=", shown, re.MULTILINE), label
            known = re.findall(rf'^{name}\{{.*\b{label}="(.+?)"', shown, re.MULTILINE)
            assert [word for word in known if re.fullmatch(value, word)], value


@each_rule
def test_every_rule_has_its_page(rule: dict[str, Any]) -> None:
    page = ROOT / rule["annotations"]["runbook"]
    assert page.parent == RUNBOOK
    text = page.read_text(encoding="utf-8")
    assert f"`{rule['alert']}`" in text
    assert [part for part in PARTS if part not in text] == []
    assert rule["labels"]["severity"] in {"page", "ticket"}


def test_every_page_has_its_rule() -> None:
    named = {ROOT / rule["annotations"]["runbook"] for rule in rules()}
    assert set(RUNBOOK.glob("*.md")) == named


def test_the_documented_figures_are_those_that_there_are(shown: str) -> None:
    documented = set(NAME.findall(MONITORING.read_text(encoding="utf-8")))
    kinds = re.findall(r"^# TYPE (novalgo_\w+) (\w+)$", shown, re.MULTILINE)
    assert documented == {name for name, _ in kinds}


@pytest.mark.skipif(PROMTOOL is None, reason="promtool is not installed")
def test_prometheus_understands_the_rules() -> None:
    told = subprocess.run(  # noqa: S603  # promtool
        [str(PROMTOOL), "check", "rules", str(RULES)], check=False, capture_output=True, text=True
    )
    assert told.returncode == 0, told.stderr
    assert f"{len(rules())} rules found" in told.stdout
