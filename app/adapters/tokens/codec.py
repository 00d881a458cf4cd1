"""A login as text, and back. Only a `Seal` hands it out, and only in cipher."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict

from app.domain.token import Claim, Login, Token


class _Token(BaseModel):
    model_config = ConfigDict(hide_input_in_errors=True)

    access: str
    refresh: str | None = None
    expires_at: datetime
    obtained_at: datetime


class _Claim(BaseModel):
    by: str
    until: datetime


class _Login(BaseModel):
    model_config = ConfigDict(hide_input_in_errors=True)

    token: _Token | None = None
    claim: _Claim | None = None
    barred: bool = False


def dump(login: Login) -> bytes:
    """A login as JSON."""
    token, claim = login.token, login.claim
    shown = _Login(
        token=None
        if token is None
        else _Token(
            access=token.access,
            refresh=token.refresh,
            expires_at=token.expires_at,
            obtained_at=token.obtained_at,
        ),
        claim=None if claim is None else _Claim(by=claim.by, until=claim.until),
        barred=login.barred,
    )
    return shown.model_dump_json().encode()


def load(text: bytes) -> Login:
    """A login of JSON.

    Raises:
        ValueError: it is none.
    """
    read = _Login.model_validate_json(text)
    return Login(
        token=Token(**dict(read.token)) if read.token is not None else None,
        claim=Claim(read.claim.by, read.claim.until) if read.claim is not None else None,
        barred=read.barred,
    )
