"""One-time passwords are those of RFC 6238, and of every authenticator."""

import base64
from datetime import UTC, datetime

import pytest

from app.adapters.tokens.totp import totp

SECRET = base64.b32encode(b"12345678901234567890").decode()


@pytest.mark.parametrize(
    ("seconds", "password"),
    [
        (59, "94287082"),
        (1111111109, "07081804"),
        (1111111111, "14050471"),
        (1234567890, "89005924"),
        (2000000000, "69279037"),
        (20000000000, "65353130"),
    ],
)
def test_the_vectors_of_the_rfc_hold(seconds: int, password: str) -> None:
    at = datetime.fromtimestamp(seconds, UTC)
    assert totp(SECRET, at, digits=8) == password
    assert totp(SECRET, at) == password[-6:]


def test_a_secret_may_be_written_in_groups_and_in_small_letters() -> None:
    at = datetime.fromtimestamp(59, UTC)
    grouped = " ".join(SECRET.lower()[i : i + 4] for i in range(0, len(SECRET), 4))
    assert totp(grouped, at) == totp(SECRET, at) == "287082"


def test_a_password_holds_for_half_a_minute() -> None:
    first, last, next_one = (datetime.fromtimestamp(s, UTC) for s in (30, 59, 60))
    assert totp(SECRET, first) == totp(SECRET, last) != totp(SECRET, next_one)


@pytest.mark.parametrize("secret", ["", "  ", "1018!", "ABC1"])
def test_what_is_no_secret_is_told(secret: str) -> None:
    with pytest.raises(ValueError, match="base32"):
        totp(secret, datetime.fromtimestamp(59, UTC))
