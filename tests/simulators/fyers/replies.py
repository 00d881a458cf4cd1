"""A request whose route is known, and what is replied to it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from tests.simulators.fyers.accounts import Account


@dataclass(slots=True)
class Request:
    """`account`: whose token it came with. `items`: its body when that is a list.

    `late`: its order is not seen for so many seconds. `rejected`: by the exchange, a moment later.
    """

    account: Account
    query: dict[str, str]
    body: dict[str, Any]
    items: list[dict[str, Any]]
    headers: Mapping[str, str]
    late: float = 0.0
    rejected: bool = False


@dataclass(slots=True)
class Reply:
    """A status and what is shown: JSON, or a text."""

    shown: Any
    status: int = 200
    media: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict[str, str])


Handler = Callable[[Request], Reply]


def ok(code: int = 200, message: str = "", **facts: Any) -> Reply:
    """An answer that is no error."""
    return Reply({"s": "ok", "code": code, "message": message, **facts})
