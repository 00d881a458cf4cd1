"""Encryption at rest: AES-256-GCM, with the keys of now and before (docs/adr/0020)."""

import base64
import binascii
import json
import os
from collections.abc import Sequence
from typing import NamedTuple

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from app.adapters.tokens.codec import dump, load
from app.domain.errors import ConfigError
from app.domain.token import Login

KEY_BYTES, NONCE_BYTES = 32, 12
FORM = "novalgo-token-1"


class Unreadable(Exception):
    """It was not sealed with one of our keys, or not for this application."""


class Seal:
    """Seals logins with the first key, and opens what any of the keys has sealed.

    What was sealed for one broker application does not open for another.
    """

    def __init__(self, keys: Sequence[bytes], application: str) -> None:
        self._keys = [AESGCM(key) for key in keys]
        self._for = f"{FORM}:{application}".encode()

    def close(self, login: Login) -> bytes:
        """A login in cipher. No two are the same."""
        nonce = os.urandom(NONCE_BYTES)
        cipher = self._keys[0].encrypt(nonce, dump(login), self._for)
        sealed = {"form": FORM, "nonce": _text(nonce), "cipher": _text(cipher)}
        return json.dumps(sealed).encode()

    def open(self, data: bytes) -> Login:
        """The login that was sealed.

        Raises:
            Unreadable: it cannot be opened.
        """
        nonce, cipher = _parts(data)
        for key in self._keys:
            try:
                return load(key.decrypt(nonce, cipher, self._for))
            except InvalidTag:
                continue
            except ValueError as error:
                raise Unreadable("it holds no login") from error
        raise Unreadable("it was sealed with another key, or for another application")


def read_key(name: str, text: str) -> bytes:
    """A key of a setting.

    Raises:
        ConfigError: it is not 32 bytes in base64.
    """
    plain = text.strip().rstrip("=").replace("-", "+").replace("_", "/")
    try:
        key = base64.b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != KEY_BYTES:
        raise ConfigError(f"{name} must be {KEY_BYTES} bytes in base64")
    return key


class _Parts(NamedTuple):
    nonce: bytes
    cipher: bytes


def _parts(data: bytes) -> _Parts:
    try:
        sealed = json.loads(data)
        return _Parts(base64.b64decode(sealed["nonce"]), base64.b64decode(sealed["cipher"]))
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise Unreadable("it is not of our form") from error


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()
