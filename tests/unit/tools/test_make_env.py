"""The `.env` that `make run` writes."""

from pathlib import Path

import pytest

from app.adapters.tokens.seal import read_key
from app.config import Settings
from tools.make_env import SECRETS, main, with_secrets, write_new

ROOT = Path(__file__).parents[3]
EXAMPLE = (ROOT / ".env.example").read_text(encoding="utf-8")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / ".env.example").write_text(EXAMPLE, encoding="utf-8")
    return tmp_path


def test_it_makes_settings_that_can_be_used_and_nothing_to_warn_about(folder: Path) -> None:
    main(folder)
    settings = Settings.from_env({}, folder / ".env")
    assert settings.warnings == ()
    secrets = (settings.webhook_secret, settings.api_key, settings.token_key)
    assert len({secret.get_secret_value() for secret in secrets}) == len(SECRETS)
    assert read_key("TOKEN_KEY", settings.token_key.get_secret_value())


def test_every_set_of_secrets_is_new() -> None:
    assert with_secrets(EXAMPLE) != with_secrets(EXAMPLE)


def test_only_its_owner_may_read_it(folder: Path) -> None:
    main(folder)
    assert (folder / ".env").stat().st_mode & 0o777 == 0o600


def test_it_never_replaces_a_file(folder: Path) -> None:
    (folder / ".env").write_text("mine")
    main(folder)
    assert (folder / ".env").read_text() == "mine"
    assert sorted(path.name for path in folder.iterdir()) == [".env", ".env.example"]


def test_it_leaves_nothing_behind_when_it_cannot_write(tmp_path: Path) -> None:
    with pytest.raises(UnicodeEncodeError):
        write_new(tmp_path / ".env", "half\udcff")
    assert list(tmp_path.iterdir()) == []
