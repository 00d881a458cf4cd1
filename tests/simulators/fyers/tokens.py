"""Access tokens: who has one that is still good. They die at six in the morning, in India."""

import json
from base64 import urlsafe_b64encode
from collections.abc import Mapping
from datetime import datetime, timedelta
from hashlib import sha256

from tests.simulators.fyers import refusals as no
from tests.simulators.fyers.accounts import Account
from tests.simulators.fyers.instruments import IST
from tests.simulators.fyers.refusals import unauthorized
from tests.simulators.fyers.world import World

_DIES_AT = 6
_REFRESH_DAYS = 15


def issue(world: World, account: Account) -> str:
    """A new access token, good until the next morning."""
    dies = int(_next_morning(world.now()).timestamp())
    token = _jwt(world, account, dies, "access_token")
    account.tokens[token] = dies
    return token


def issue_refresh(world: World, account: Account) -> str:
    """A new refresh token, good for 15 days."""
    dies = int((world.now() + timedelta(days=_REFRESH_DAYS)).timestamp())
    token = _jwt(world, account, dies, "refresh_token")
    account.refresh_tokens[token] = dies
    return token


def owner_of(world: World, header: str | None, *, data: bool = False) -> Account:
    """Whose header this is: `<app id>:<token>`.

    Raises:
        Refusal: nobody's, or the token is dead. `data`: as the data API says it.
    """
    app_id, _, token = (header or "").partition(":")
    account = world.accounts.get(app_id)
    if account is None:
        raise unauthorized(no.NOT_AUTHENTICATED)
    if token not in account.tokens:
        raise unauthorized(no.BAD_DATA_TOKEN if data else no.INVALID_TOKEN)
    if account.tokens[token] <= world.now().timestamp():
        raise unauthorized(no.EXPIRED)
    return account


def id_hash(account: Account) -> str:
    """What an app proves with that it knows its secret."""
    return sha256(f"{account.app_id}:{account.secret}".encode()).hexdigest()


def _next_morning(now: datetime) -> datetime:
    wall = now.astimezone(IST)
    today = wall.replace(hour=_DIES_AT, minute=0, second=0, microsecond=0)
    return today if wall < today else today + timedelta(days=1)


def _jwt(world: World, account: Account, dies: int, kind: str) -> str:
    """Three parts as a real one has; the signature is chance."""
    facts = {
        "iss": "api.fyers.in",
        "sub": kind,
        "iat": int(world.now().timestamp()),
        "exp": dies,
        "fy_id": account.fy_id,
        "at_hash": f"{world.random.getrandbits(128):032x}",
    }
    head = _part({"typ": "JWT", "alg": "HS256"})
    signature = sha256(f"{account.secret}{facts['at_hash']}".encode()).digest()
    return f"{head}.{_part(facts)}.{urlsafe_b64encode(signature).decode().rstrip('=')}"


def _part(facts: Mapping[str, object]) -> str:
    return urlsafe_b64encode(json.dumps(facts).encode()).decode().rstrip("=")
