"""Places for tokens: a file, and an object of the real client at a server of ours."""

import gc
import warnings
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.adapters.tokens.files import FileBlob
from app.adapters.tokens.gcs import GcsBlob
from app.adapters.tokens.seal import Seal
from app.adapters.tokens.stores import SealedStore, SharedStore
from app.domain.token import Login, Token
from tests.simulators.gcs import GcsServer

BUCKET, OBJECT = "tokens-of-tests", "novalgo/tokens.json"
KEY = b"k" * 32
NOW = datetime(2026, 11, 26, 3, 45, tzinfo=UTC)
PATIENCE = 0.3
"""Seconds for which the client tries again."""

LEAVES_SOCKETS = pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
"""Google's client leaves the connection of a refused download to the garbage collector."""


def token(access: str, *, later: float = 0) -> Token:
    """A token that was made so many seconds later than others."""
    made = NOW + timedelta(seconds=later)
    return Token(access=access, expires_at=NOW + timedelta(hours=20), obtained_at=made)


def login(access: str, *, later: float = 0) -> Login:
    """What is kept of it."""
    return Login(token(access, later=later))


@contextmanager
def cloud(gcs: GcsServer, monkeypatch: pytest.MonkeyPatch) -> Generator[GcsBlob]:
    """The object at a server of ours."""
    monkeypatch.setenv("STORAGE_EMULATOR_HOST", gcs.url)
    blob = GcsBlob(BUCKET, OBJECT, patience=PATIENCE)
    yield blob
    blob.close()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


def shared_store(blob: GcsBlob, folder: Path) -> SharedStore:
    """A store in the cloud with a copy here."""
    seal = Seal([KEY], "APP-100")
    copy = SealedStore(FileBlob(folder / "fyers.json"), seal)
    return SharedStore(SealedStore(blob, seal), copy)
