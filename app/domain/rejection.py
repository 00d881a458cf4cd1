"""Why brokers say no, in words that are the same at every broker: reasons of BrokerRejected."""

from enum import StrEnum


class Rejection(StrEnum):
    """A broker's reason, where its words tell it; otherwise it is BROKER_REJECTED.

    Each is documented in docs/errors.md; a test compares the two.
    """

    INSUFFICIENT_BUYING_POWER = "INSUFFICIENT_BUYING_POWER"
    QUANTITY_HELD = "QUANTITY_HELD"
    NO_POSITION = "NO_POSITION"
    NOT_SHORTABLE = "NOT_SHORTABLE"
    OPPOSITE_ORDER = "OPPOSITE_ORDER"
    WASH_TRADE = "WASH_TRADE"
    MARKET_CLOSED = "MARKET_CLOSED"
    FRACTION_REFUSED = "FRACTION_REFUSED"
    INVALID_QUANTITY = "INVALID_QUANTITY"
    INVALID_PRICE = "INVALID_PRICE"
    UNSUPPORTED_ORDER = "UNSUPPORTED_ORDER"
    NOT_TRADABLE = "NOT_TRADABLE"
    NOT_CANCELABLE = "NOT_CANCELABLE"
    ACCOUNT_RESTRICTED = "ACCOUNT_RESTRICTED"
    DAY_TRADE_RULE = "DAY_TRADE_RULE"
    NEEDS_EDIS = "NEEDS_EDIS"
    IP_NOT_ALLOWED = "IP_NOT_ALLOWED"
