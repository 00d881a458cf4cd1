"""`.env.example` and docs/configuration.md say what the settings say."""

import re
from pathlib import Path

import pytest
from dotenv import dotenv_values

from app.config import FIELDS, Settings
from tools import docs_settings

ROOT = Path(__file__).parents[2]
REQUIRED = {"WEBHOOK_SECRET": "correct-horse-battery-staple", "API_KEY": "another-long-enough-key"}
ROW = re.compile(r"^\| `([A-Z_]+)` \| (.+?) \| (.+) \|$", re.MULTILINE)


def test_the_example_lists_every_setting_once_and_in_order() -> None:
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    listed = re.findall(r"^# .+\n([A-Z_]+)=", text, re.MULTILINE)
    assert listed == [name.upper() for name in FIELDS]


def test_the_example_holds_the_defaults() -> None:
    assert Settings.from_env(REQUIRED, ROOT / ".env.example") == Settings.from_env(REQUIRED, None)


def test_the_example_holds_no_secret() -> None:
    example = dotenv_values(ROOT / ".env.example")
    assert not any(example[name] for name in (*REQUIRED, "WEBHOOK_SECRET_PREVIOUS"))


def test_the_table_lists_every_setting_with_its_default_and_meaning() -> None:
    rows = ROW.findall((ROOT / "docs/configuration.md").read_text(encoding="utf-8"))
    assert [name for name, _, _ in rows] == [name.upper() for name in FIELDS]
    example = dotenv_values(ROOT / ".env.example")
    for name, default, meaning in rows:
        assert meaning == FIELDS[name.lower()].description
        assert default.strip("`") in {example[name], "empty", "required", *derived()}


def derived() -> set[str]:
    return {text.strip("`") for text in docs_settings.DERIVED.values()}


@pytest.mark.parametrize("field", FIELDS)
def test_every_setting_says_in_one_line_what_it_means(field: str) -> None:
    description = FIELDS[field].description
    assert description
    assert "\n" not in description
    assert "|" not in description


def test_the_files_are_those_that_the_tool_makes() -> None:
    assert docs_settings.outdated() == []


def test_a_change_by_hand_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    changed = tmp_path / ".env.example"
    changed.write_text(docs_settings.env_example().replace("PORT=8080", "PORT=80"))
    monkeypatch.setattr(docs_settings, "ENV_EXAMPLE", changed)
    assert docs_settings.outdated() == [changed]
