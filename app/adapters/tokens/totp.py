"""One-time passwords by the clock, as RFC 6238 has them."""

import base64
import binascii
import hashlib
import hmac
from datetime import datetime

STEP_SECONDS, DIGITS = 30, 6
_LOW_31_BITS = 0x7FFF_FFFF


def totp(secret: str, at: datetime, digits: int = DIGITS) -> str:
    """The password of a moment, by SHA-1 in steps of 30 seconds.

    Args:
        secret: in base32, in groups or not, as the broker shows it.
        at: the moment, aware.
        digits: how long the password is.

    Raises:
        ValueError: the secret is not base32.
    """
    counter = int(at.timestamp()) // STEP_SECONDS
    mac = hmac.digest(_key(secret), counter.to_bytes(8), hashlib.sha1)
    offset = mac[-1] & 0x0F
    number = int.from_bytes(mac[offset : offset + 4]) & _LOW_31_BITS
    return f"{number % 10**digits:0{digits}d}"


def _key(secret: str) -> bytes:
    plain = secret.replace(" ", "").replace("-", "").rstrip("=").upper()
    try:
        key = base64.b32decode(plain + "=" * (-len(plain) % 8))
    except binascii.Error:
        key = b""
    if not key:
        raise ValueError("the TOTP secret must be base32")
    return key
