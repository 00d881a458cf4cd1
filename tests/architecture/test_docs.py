"""The documents are true: their links, paths, targets, routes, and the stories that they tell."""

import json
import re
import runpy
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple, cast

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.exceptions import HTTPException

from app import __version__, create_app
from app.bootstrap import Server
from app.config import Settings

ROOT = Path(__file__).parents[2]
DOCUMENTS = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")])
README, QUICKSTART = ROOT / "README.md", ROOT / "docs/quickstart.md"
API_PAGE = ROOT / "docs/http_api.md"
HERE = "http://127.0.0.1:8080"
SECRETS = {"WEBHOOK_SECRET": "a-secret-of-the-documents", "API_KEY": "a-key-of-the-documents"}

FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`([^`\n]+)`")
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
PATH = re.compile(r"(?:app|deploy|docs|tests|tools|\.ci)(?:/[\w.-]+)*/?")
FILE = re.compile(r"[\w.]+\.(?:cfg|conf|ini|md|mako|py|sql|toml|txt|yaml)")
TARGET = re.compile(r"\bmake ([a-z][a-z0-9]*)\b")
ROUTE = re.compile(r"(?:(GET|POST|PUT|DELETE) )?(/[\w/<>.-]*)(?:\?\S*)?")
OF_A_MACHINE = re.compile(r"/(?:data|etc|opt|run|usr|var)\b")
FILLED_IN = {
    "strategy.order.action": "buy",
    "strategy.order.contracts": "10",
    "strategy.order.id": "Long",
    "strategy.market_position": "long",
    "strategy.prev_market_position": "flat",
    "strategy.prev_market_position_size": "0",
    "exchange": "NASDAQ",
    "ticker": "MSFT",
    "interval": "15",
    "close": "412.5",
    "timenow": "",
}

every_document = pytest.mark.parametrize(
    "document", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT))
)
with_a_story = pytest.mark.parametrize("document", [README, QUICKSTART], ids=lambda path: path.stem)


class Call(NamedTuple):
    """A request that a document makes with curl."""

    method: str
    target: str
    body: str | None = None

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    def send(self, client: FlaskClient, alert_id: str) -> dict[str, Any]:
        answer = client.open(
            self.target.replace("<alert_id>", alert_id),
            method=self.method,
            data=self.body and self.body.replace("$", SECRETS["WEBHOOK_SECRET"]),
            headers={"Authorization": f"Bearer {SECRETS['API_KEY']}"},
        )
        assert answer.status_code < 300, (self, answer.text)
        return cast("dict[str, Any]", answer.get_json())


def text_of(document: Path) -> str:
    return document.read_text(encoding="utf-8")


def spans_of(document: Path) -> list[str]:
    return SPAN.findall(FENCE.sub("", text_of(document)))


def code_of(document: Path) -> list[str]:
    return [*spans_of(document), *(code for _, code in FENCE.findall(text_of(document)))]


def json_of(document: Path) -> list[Any]:
    return [json.loads(code) for kind, code in FENCE.findall(text_of(document)) if kind == "json"]


def calls_of(document: Path) -> list[Call]:
    shell = "".join(code for kind, code in FENCE.findall(text_of(document)) if kind == "bash")
    lines = shell.replace("\\\n", " ").splitlines()
    return [call_of(line) for line in lines if line.startswith("curl ")]


def call_of(line: str) -> Call:
    words = shlex.split(re.sub(r"\$\([^)]*\)|\$\w+", "$", line))
    options = {word: words[at + 1] for at, word in enumerate(words[:-1]) if word in ("-X", "-d")}
    url = next(word for word in words if word.startswith("http"))
    body = options.get("-d")
    method = options.get("-X") or ("POST" if body else "GET")
    return Call(method, url.removeprefix(HERE), body)


def anchor_of(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def anchors_of(document: Path) -> set[str]:
    return {anchor_of(heading) for heading in HEADING.findall(FENCE.sub("", text_of(document)))}


def ids_of(answer: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in answer.items() if name.endswith("_id")}


def is_served(app: Flask, method: str | None, path: str) -> bool:
    adapter = app.url_map.bind("localhost")
    path = re.sub("<[^>]*>", "x", path)
    try:
        return bool(adapter.match(path, method) if method else adapter.allowed_methods(path))
    except HTTPException:
        return False


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    made = create_app(Settings.from_env({**SECRETS, "DATA_DIR": str(tmp_path)}, None))
    yield made
    cast("Server", made.extensions["novalgo"]).stop()


@every_document
def test_every_link_leads_somewhere(document: Path) -> None:
    for link in LINK.findall(FENCE.sub("", text_of(document))):
        if re.match("[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = (document.parent / path).resolve() if path else document
        assert target.is_file(), link
        assert not anchor or anchor in anchors_of(target), link


@every_document
def test_every_path_that_is_named_exists(document: Path) -> None:
    for span in spans_of(document):
        if PATH.fullmatch(span):
            assert (ROOT / span).exists(), span


@every_document
def test_every_file_that_is_named_exists(document: Path) -> None:
    folders = [ROOT / name for name in ("app", "deploy", "docs", "tests", "tools")]
    here = {path.name for folder in folders for path in folder.rglob("*.*")}
    here |= {path.name for path in ROOT.iterdir()}
    for span in spans_of(document):
        if FILE.fullmatch(span):
            assert span in here, span


@every_document
def test_every_make_target_that_is_named_exists(document: Path) -> None:
    targets = set(re.findall(r"^([a-z][a-z0-9]*):", text_of(ROOT / "Makefile"), re.MULTILINE))
    assert {name for code in code_of(document) for name in TARGET.findall(code)} <= targets


def test_every_route_that_is_named_exists(app: Flask) -> None:
    named = [
        (document.name, match[1], match[2])
        for document in DOCUMENTS
        for match in map(ROUTE.fullmatch, spans_of(document))
        if match is not None and not OF_A_MACHINE.match(match[2])
    ]
    named += [
        (document.name, call.method, call.path)
        for document in DOCUMENTS
        for call in calls_of(document)
    ]
    assert [route for route in named if not is_served(app, *route[1:])] == []


@every_document
def test_every_piece_of_json_can_be_read(document: Path) -> None:
    assert [piece for piece in json_of(document) if not piece] == []


def test_the_index_leads_to_every_document() -> None:
    index = ROOT / "docs/README.md"
    linked = {(index.parent / link).resolve() for link in LINK.findall(text_of(index))}
    assert set((ROOT / "docs").rglob("*.md")) - {index} <= linked


def test_the_first_alert_is_the_one_that_the_server_prints(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # no .env here
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    printed = runpy.run_path(str(ROOT / "gunicorn.conf.py"))["first_alert"](HERE)
    assert printed in text_of(README).splitlines()


@with_a_story
def test_the_calls_of_a_story_can_be_made_one_after_the_other(document: Path, app: Flask) -> None:
    client = app.test_client()
    first_alert, *others = calls_of(README)
    answer = first_alert.send(client, "")
    told = json_of(document)[0]
    assert {**told, **ids_of(answer)} == answer
    for call in others if document == README else calls_of(document):
        call.send(client, str(answer["alert_id"]))
    assert Call("GET", "/performance").send(client, "")["total"]["total_pnl"] == 80


def test_the_calls_of_the_api_page_can_be_made(app: Flask) -> None:
    client = app.test_client()
    answer = calls_of(README)[0].send(client, "")
    for call in calls_of(API_PAGE):
        call.send(client, str(answer["alert_id"]))


def test_the_message_for_tradingview_trades(app: Flask) -> None:
    template = text_of(QUICKSTART).partition("<!-- template -->")[2]
    found = FENCE.search(template)
    assert found is not None
    message = found[2].replace("<WEBHOOK_SECRET>", SECRETS["WEBHOOK_SECRET"])
    message = re.sub(r"\{\{(.+?)\}\}", lambda match: FILLED_IN[match[1]], message)
    answer = app.test_client().post("/webhook?wait=2.5", data=message)
    assert answer.get_json()["status"] == "success", answer.text


def test_the_changelog_knows_this_version() -> None:
    assert __version__ in text_of(ROOT / "CHANGELOG.md")
