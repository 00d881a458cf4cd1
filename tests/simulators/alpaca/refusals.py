"""What Alpaca says no with: an HTTP status, its own code, a message and facts."""

from typing import Any

from tests.simulators import wire

UNAUTHORIZED = 40110000
INVALID = 40010001
FORBIDDEN = 40310000
NOT_FOUND = 40410000
UNPROCESSABLE = 42210000


class Refusal(wire.Refusal):
    """An answer that is an error."""

    def __init__(self, status: int, code: int | None, message: str, **facts: Any) -> None:
        coded = {} if code is None else {"code": code}
        super().__init__(status, {**coded, "message": message, **facts})


def forbidden(message: str, **facts: Any) -> Refusal:
    """403: the account, its money or its holdings do not allow it."""
    return Refusal(403, FORBIDDEN, message, **facts)


def unprocessable(message: str, **facts: Any) -> Refusal:
    """422: no such order can be."""
    return Refusal(422, UNPROCESSABLE, message, **facts)


def invalid(message: str, **facts: Any) -> Refusal:
    """422: the request is not well formed."""
    return Refusal(422, INVALID, message, **facts)


def not_found(message: str) -> Refusal:
    """404."""
    return Refusal(404, NOT_FOUND, message)
