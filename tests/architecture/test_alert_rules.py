"""Every alert rule is about a figure that there is, and has a page that helps at night."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any, cast

import pytest
import yaml

from tests.integration.api import MakeServer, buy, client_of

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
def shown(make_server: MakeServer, tmp_path: Path) -> str:
    """What Prometheus reads of a server that has traded, with all that it may have beside."""
    settings = {"FYERS_SYMBOLS_URL": str(tmp_path), "NOTIFY_URLS": "json://127.0.0.1:1/"}
    settings |= {"GOOGLE_SHEET_ID": "x", "SHEETS_API_URL": "http://127.0.0.1:9"}
    client = client_of(make_server(PLAYBOOK="google_sheets", **settings))
    buy(client)
    return client.get("/metrics").text


@each_rule
def test_every_figure_of_a_rule_is_in_the_metrics(rule: dict[str, Any], shown: str) -> None:
    names = set(NAME.findall(rule["expr"]))
    # A figure of each account that wants a login is there on a server that has such an account.
    there = set(re.findall(r"^(?:# TYPE )?(\w+)", shown, re.MULTILINE))
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


with_promtool = pytest.mark.skipif(PROMTOOL is None, reason="promtool is not installed")

CALM = {
    'up{job="novalgo"}': "1x100",
    "novalgo_unprotected_seconds_max": "0x60 8 0x39",
    "novalgo_intents_unknown": "0x60 1 0x39",
    "novalgo_reconcile_mismatch_total": "7x100",
    'novalgo_ready_check{check="engine"}': "1x60 0 1x39",
    'novalgo_ready_check{check="backup"}': "1x100",
    'novalgo_ready_check{check="token"}': "0x100",
    'novalgo_token_expiry_seconds{account="fyers"}': "7200x100",
    "novalgo_token_hours": "1x100",
    'novalgo_ready_check{check="symbols"}': "1x40 0x19 1x40",
    'novalgo_ready_check{check="sheet"}': "1x60 0 1x39",
    "novalgo_queue_age_seconds": "0x60 9 0x39",
    'novalgo_alerts_total{outcome="failed"}': "3x100",
    'novalgo_broker_requests_total{broker="b",op="find",outcome="answered"}': "0+10x100",
    'novalgo_broker_requests_total{broker="b",op="find",outcome="unavailable"}': "0+1x100",
    'novalgo_webhook_duration_seconds_bucket{le="1"}': "0+100x100",
    'novalgo_webhook_duration_seconds_bucket{le="3"}': "0+100x100",
    'novalgo_webhook_duration_seconds_bucket{le="+Inf"}': "0+100x100",
    "novalgo_disk_free_bytes": "11x100",
    "novalgo_disk_size_bytes": "100x100",
    'novalgo_outbox_depth{sink="json-1a2b3c"}': "0x60 101x15 0x24",
    "novalgo_clock_skew_seconds": "-1x100",
    "novalgo_kill_switch": "1x40 0x59",
    "novalgo_secrets_refused_total": "0+1x100",
}
"""An ordinary day, a sample every 15 s: nothing stays wrong for long."""

TROUBLE = {
    "Down": {'up{job="novalgo"}': "0x100"},
    "Unprotected": {"novalgo_unprotected_seconds_max": "11x100"},
    "OrderUnknown": {"novalgo_intents_unknown": "1x100"},
    "Mismatch": {"novalgo_reconcile_mismatch_total": "7x70 8x30"},
    "NotReady": {'novalgo_ready_check{check="engine"}': "0x100"},
    "BackupLate": {'novalgo_ready_check{check="backup"}': "0x100"},
    "SymbolsOld": {'novalgo_ready_check{check="symbols"}': "0x100"},
    "SheetLate": {'novalgo_ready_check{check="sheet"}': "0x100"},
    "QueueStuck": {"novalgo_queue_age_seconds": "6x100"},
    "AlertFailed": {'novalgo_alerts_total{outcome="failed"}': "3x70 4x30"},
    "BrokerFailing": {
        'novalgo_broker_requests_total{broker="b",op="find",outcome="unavailable"}': "0+5x100"
    },
    "WebhookSlow": {'novalgo_webhook_duration_seconds_bucket{le="1"}': "0+98x100"},
    "DiskFull": {"novalgo_disk_free_bytes": "9x100"},
    "LoginNeeded": {'novalgo_token_expiry_seconds{account="fyers"}': "0x100"},
    "OutboxFull": {'novalgo_outbox_depth{sink="json-1a2b3c"}': "101x100"},
    "ClockMoved": {"novalgo_clock_skew_seconds": "-3x100"},
    "EntriesStopped": {"novalgo_kill_switch": "1x100"},
    "SecretsRefused": {"novalgo_secrets_refused_total": "0+2x100"},
}
"""What is different on the day of each alert."""


def promtool(*words: object) -> subprocess.CompletedProcess[str]:
    command = [str(PROMTOOL), *map(str, words)]
    return subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603  # promtool


@with_promtool
def test_prometheus_understands_the_rules() -> None:
    told = promtool("check", "rules", RULES)
    assert told.returncode == 0, told.stderr
    assert f"{len(rules())} rules found" in told.stdout


@with_promtool
def test_each_rule_fires_in_its_trouble_alone_and_none_on_an_ordinary_day(tmp_path: Path) -> None:
    assert {f"Novalgo{name}" for name in TROUBLE} == {rule["alert"] for rule in rules()}
    days = [day(CALM, []), *(day(CALM | what, [name]) for name, what in TROUBLE.items())]
    file = tmp_path / "days.yml"
    file.write_text(yaml.safe_dump({"rule_files": [str(RULES)], "tests": days}))
    told = promtool("test", "rules", file)
    assert told.returncode == 0, told.stdout + told.stderr


def day(series: dict[str, str], firing: list[str]) -> dict[str, Any]:
    """Samples, and which alerts fire after twenty minutes of them."""
    samples = [{"series": name, "values": values} for name, values in series.items()]
    expected = [{"labels": f'{{alertname="Novalgo{name}"}}', "value": 1} for name in firing]
    fires = 'count by (alertname) (ALERTS{alertstate="firing"})'
    asked = [{"expr": fires, "eval_time": "20m", "exp_samples": expected}]
    return {"interval": "15s", "input_series": samples, "promql_expr_test": asked}
