"""docs/howto/tradingview.md: its messages trade, its names are known, its templates can be used."""

import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import cast

import pytest
from flask import Flask

from app import create_app
from app.bootstrap import Server
from app.config import Settings
from app.web.names import fold
from app.web.synonyms import CONTAINERS, INDEX
from app.web.templates import Template
from tests.architecture.test_docs import FENCE, FILLED_IN, ROOT, SECRETS, SPAN, text_of
from tests.unit.web.forms import trades

PAGE = text_of(ROOT / "docs/howto/tradingview.md")
FILLED = {**FILLED_IN, "strategy.position_size": "10"}
MESSAGES = [FENCE.findall(part)[0][1] for part in PAGE.split("<!-- trades -->")[1:]]


def section(heading: str) -> str:
    return PAGE.partition(f"## {heading}")[2].partition("\n## ")[0]


def first_cells(text: str) -> list[str]:
    """The first cell of each row of the tables in a text, without their heads."""
    rows = re.findall(r"^\| (.+?) (?<!\\)\|", text, re.MULTILINE)
    return [row for row in rows if row.startswith("`")]


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    made = create_app(Settings.from_env({**SECRETS, "DATA_DIR": str(tmp_path)}, None))
    yield made
    cast("Server", made.extensions["novalgo"]).stop()


@pytest.mark.parametrize("message", MESSAGES)
def test_a_message_of_the_page_trades(message: str, app: Flask) -> None:
    text = message.replace("<WEBHOOK_SECRET>", SECRETS["WEBHOOK_SECRET"])
    text = re.sub(r"\{\{(.+?)\}\}", lambda match: FILLED[match[1]], text)
    answer = app.test_client().post("/webhook?wait=2.5", data=text)
    assert answer.get_json()["status"] == "success", answer.text


def test_every_name_of_the_page_is_known() -> None:
    names = section("Names that are known from other services")
    for row in re.findall(r"^\| `.+", names, re.MULTILINE):
        for name in SPAN.findall(row.replace("`B` and `S`", "").replace("bare `size`", "")):
            assert fold(name) in INDEX, name
    for name in SPAN.findall(names.partition("nesting is looked into")[2].partition(".")[0]):
        assert fold(name) in CONTAINERS, name


def test_every_text_of_the_page_is_read_as_it_says() -> None:
    for cell in first_cells(section("Forms")):
        assert trades(cell.strip("`").replace("\\|", "|")), cell
    for text in ("do not buy AAPL", "buy AAPL now", "BUY NOW"):
        assert f"`{text}`" in PAGE
        assert trades(text) == []
    assert trades("BUY NYSE:NOW")


def test_the_templates_of_the_page_can_be_used() -> None:
    (setting,) = re.findall(r"^TEXT_TEMPLATES=(.+)$", PAGE, re.MULTILINE)
    assert all(Template.parse(text) for text in setting.split(";;"))
    default = re.search(r"`(\{strategy\}: order .+?)`", PAGE)
    assert default is not None
    text = "RSI (14, 70): order sell @ 5 filled on AAPL. New strategy position is -5"
    (alert,) = trades(text, default[1])
    assert alert.strategy == "RSI (14, 70)"
    assert alert.position_size == Decimal(-5)
    frostybot = re.search(r"`(trade:main.+?)`, is read with\s+`(.+?)`", PAGE)
    assert frostybot is not None
    assert trades(frostybot[1], frostybot[2])
