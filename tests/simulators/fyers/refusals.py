"""What Fyers says no with: an HTTP status, its own code and a message; its list is in the data."""

import csv
from functools import lru_cache
from typing import Any

from tests.simulators.fyers.instruments import DATA
from tests.simulators.wire import Refusal

EXPIRED, BAD_DATA_TOKEN, NOT_AUTHENTICATED, INVALID_TOKEN = -8, -15, -16, -17
BAD_INPUT, BAD_ORDER_ID, BAD_POSITION = -50, -51, -53
REJECTED = -99
BAD_TYPE = -101
UNKNOWN_ORDER, CANCELLED, TRADED, NOT_MODIFIED, WAS_REJECTED = -159, -161, -162, -163, -164
BAD_SYMBOL = -300
BAD_LIMIT, BAD_STOP, BAD_QTY = -308, -309, -310
BAD_SIDE, BAD_PRODUCT, BAD_STOP_LIMIT = -313, -314, -315
BAD_STOP_LOSS, BAD_TARGET, BAD_VALIDITY = -323, -325, -326
BAD_DISCLOSED, BAD_OFFLINE = -327, -328
BAD_APP, NO_PERMISSION = -352, -373
OFF_TICK = -392
POSITION_IS_ZERO, NO_POSITIONS, NOTHING_PENDING = -397, -398, -399
TOO_MANY = -429

_UNLISTED = {
    EXPIRED: "Your token has expired. Please generate a token",
    BAD_DATA_TOKEN: "Please provide valid token",
    NOT_AUTHENTICATED: "Could not authenticate the user",
    INVALID_TOKEN: "Token is Invalid or Expired",
    BAD_INPUT: "Invalid input",
    BAD_ORDER_ID: "Please provide a valid order id",
    BAD_POSITION: "Please provide a valid position id",
    BAD_SYMBOL: "Please provide a valid symbol",
    BAD_APP: "Please provide a valid app id",
    TOO_MANY: "request limit reached",
}


@lru_cache
def messages() -> dict[int, str]:
    """The vendor's messages by its codes."""
    with (DATA / "error_codes.csv").open(newline="") as file:
        rows = [row for row in csv.reader(file) if row[0].lstrip("-").isdigit()]
    return _UNLISTED | {int(code): message.strip() for code, message, _ in reversed(rows)}


def refused(code: int, message: str = "", *, status: int = 400, **facts: Any) -> Refusal:
    """An error with the vendor's message, or one that says more."""
    told = message or messages()[code]
    return Refusal(status, {"s": "error", "code": code, "message": told, **facts})


def unauthorized(code: int) -> Refusal:
    """401: the token is of no use."""
    return refused(code, status=401)
