"""Names of fields: how they are compared, and which of them hold a secret."""

import re
from functools import lru_cache

LONGEST_NAME = 64
SECRET_NAMES = frozenset(
    {"secret", "token", "key", "passphrase", "pin", "apikey", "authkey", "password"}
)
# A name that contains one of these is hidden too, but never taken for the secret.
SECRET_PARTS = ("secret", "password", "passphrase", "apikey", "authkey", "accesstoken", "authtoken")

TYPOGRAPHIC = "\u201c\u201d\u2018\u2019"
"""The quotes of word processors, double and single."""

# Control characters and lone surrogates.
UNREADABLE = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]")

_SEPARATORS = str.maketrans("", "", " -_\t\r\n\xa0")


def fold(name: str) -> str:
    """The name without case, spaces, `-` and `_`: two names that fold alike are one."""
    return _fold(name) if len(name) <= LONGEST_NAME else name.lower().translate(_SEPARATORS)


def may_be_secret(name: str) -> bool:
    """Whether the values of this name are hidden and left out."""
    return _hides(fold(name))


def shown(text: str) -> str:
    """A name or value as an error may echo it: in quotes, printable, 40 characters at most."""
    return "'" + "".join(char if char.isprintable() else "?" for char in text[:40]) + "'"


@lru_cache(maxsize=2048)
def _fold(name: str) -> str:
    return name.lower().translate(_SEPARATORS)


@lru_cache(maxsize=2048)
def _hides(folded: str) -> bool:
    return folded in SECRET_NAMES or any(part in folded for part in SECRET_PARTS)
