"""Requests and answers as they go over a socket."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl


@dataclass(slots=True)
class Wire:
    """A request as it came, and from which address."""

    method: str
    path: str
    query: str
    body: bytes
    headers: Mapping[str, str]
    address: str = ""

    @property
    def named(self) -> dict[str, str]:
        """The query's names and values."""
        return dict(parse_qsl(self.query, keep_blank_values=True))

    @property
    def shown(self) -> Any:
        """The body as far as it is JSON; its text when it is none."""
        try:
            return json.loads(self.body) if self.body else None
        except ValueError:
            return self.body.decode(errors="replace")


@dataclass(slots=True)
class Answer:
    """An answer as it goes."""

    status: int
    body: bytes
    media: str = "application/json"
    headers: dict[str, str] = field(default_factory=dict[str, str])


@dataclass(slots=True)
class Asked:
    """A request that the simulator received, the status that it answered with, and what went wrong.

    The status is 0 when it was not carried out because of a fault.
    """

    method: str
    path: str
    query: dict[str, str]
    body: Any
    fault: str = ""
    status: int = 0


class Refusal(Exception):
    """An answer that is an error."""

    def __init__(self, status: int, body: dict[str, Any], **headers: str) -> None:
        super().__init__(str(body.get("message", "")))
        self.status = status
        self.body = body
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}
