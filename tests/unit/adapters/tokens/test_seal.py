"""What is kept of a login can be read with the keys, for the application, and not otherwise."""

import base64
import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.adapters.tokens.seal import Seal, Unreadable, read_key
from app.domain.errors import ConfigError
from app.domain.token import Claim, Login, Token

NOW = datetime(2026, 11, 26, 3, 45, tzinfo=UTC)
KEY, OLD_KEY = b"k" * 32, b"o" * 32
LOGIN = Login(
    Token(
        access="canary-access",
        refresh="canary-refresh",
        expires_at=NOW + timedelta(hours=20, microseconds=7),
        obtained_at=NOW,
    ),
    Claim("somebody", NOW),
    barred=True,
)


@pytest.mark.parametrize("login", [LOGIN, Login(), Login(claim=Claim("us", NOW))])
def test_what_was_sealed_is_read_again(login: Login) -> None:
    seal = Seal([KEY], "APP-100")
    assert seal.open(seal.close(login)) == login


def test_nothing_of_it_can_be_seen() -> None:
    sealed = Seal([KEY], "APP-100").close(LOGIN)
    assert b"canary" not in sealed
    assert "canary" not in repr(sealed)


def test_no_two_are_the_same() -> None:
    seal = Seal([KEY], "APP-100")
    assert seal.close(LOGIN) != seal.close(LOGIN)


def test_the_key_before_still_opens_and_the_new_one_seals() -> None:
    rotated = Seal([KEY, OLD_KEY], "APP-100")
    assert rotated.open(Seal([OLD_KEY], "APP-100").close(LOGIN)) == LOGIN
    with pytest.raises(Unreadable):
        Seal([OLD_KEY], "APP-100").open(rotated.close(LOGIN))


def test_another_key_or_another_application_opens_nothing() -> None:
    sealed = Seal([KEY], "APP-100").close(LOGIN)
    for seal in (Seal([OLD_KEY], "APP-100"), Seal([KEY], "OTHER-100")):
        with pytest.raises(Unreadable, match="another"):
            seal.open(sealed)


@given(at=st.integers(min_value=0), value=st.integers(0, 255))
def test_a_changed_byte_is_noticed(at: int, value: int) -> None:
    seal = Seal([KEY], "APP-100")
    parts = json.loads(seal.close(LOGIN))
    cipher = bytearray(base64.b64decode(parts["cipher"]))
    cipher[at % len(cipher)] ^= value or 1
    parts["cipher"] = base64.b64encode(cipher).decode()
    with pytest.raises(Unreadable):
        seal.open(json.dumps(parts).encode())


@given(data=st.binary())
def test_whatever_is_there_may_be_tried(data: bytes) -> None:
    with pytest.raises(Unreadable):
        Seal([KEY], "APP-100").open(data)


@pytest.mark.parametrize("data", [b"[]", b"{}", b'{"nonce": 1, "cipher": 2}', b"null", b"[" * 9999])
def test_what_is_not_of_our_form_is_told(data: bytes) -> None:
    with pytest.raises(Unreadable):
        Seal([KEY], "APP-100").open(data)


@pytest.mark.parametrize("encode", [base64.b64encode, base64.urlsafe_b64encode])
@given(key=st.binary(min_size=32, max_size=32))
def test_a_key_is_32_bytes_in_either_base64(encode: Callable[[bytes], bytes], key: bytes) -> None:
    text = encode(key).decode()
    assert read_key("TOKEN_KEY", text) == read_key("TOKEN_KEY", text.rstrip("=")) == key


@pytest.mark.parametrize("text", ["short", base64.b64encode(b"k" * 31).decode(), "é" * 43])
def test_a_bad_key_is_named_and_not_shown(text: str) -> None:
    with pytest.raises(ConfigError, match=r"^TOKEN_KEY must be 32 bytes in base64$"):
        read_key("TOKEN_KEY", text)
