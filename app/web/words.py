"""Words of enumerations, folded, and what they stand for."""

from typing import NamedTuple

from app.domain.alert import Action, AmountUnit
from app.domain.order import OrderType


class Asked(NamedTuple):
    """What an action word asks for. `state`: a position to be in, not an order to be added."""

    action: Action | None = None
    state: bool = False
    closes: str | None = None

    @property
    def only_closes(self) -> bool:
        """Whether it can neither open nor grow a position, whatever else the alert says."""
        return self.action in (Action.CLOSE, Action.CANCEL)

    @property
    def side(self) -> str | None:
        """`long` or `short` when it opens or grows a position of that side."""
        return {Action.BUY: "long", Action.SELL: "short"}.get(self.action) if self.action else None


ACTIONS = {
    "buy": Asked(Action.BUY),
    "sell": Asked(Action.SELL),
    "long": Asked(Action.BUY, state=True),
    "short": Asked(Action.SELL, state=True),
    "close": Asked(Action.CLOSE),
    "exit": Asked(Action.CLOSE),
    "flat": Asked(Action.CLOSE),
    "cancel": Asked(Action.CANCEL),
    "reverse": Asked(Action.REVERSE),
    "add": Asked(Action.ADD),
    "entrylong": Asked(Action.BUY, state=True),
    "entryshort": Asked(Action.SELL, state=True),
    "exitlong": Asked(Action.CLOSE, closes="long"),
    "exitshort": Asked(Action.CLOSE, closes="short"),
    "positiontypebuy": Asked(Action.BUY, state=True),
    "positiontypesell": Asked(Action.SELL, state=True),
}
# Dhan's transactionType alone has letters.
TRANSACTIONS = ACTIONS | {"b": Asked(Action.BUY), "s": Asked(Action.SELL)}
# What a message with an action may have as its `command`; others do something else with the order.
COMMANDS = {word: word for word in ("place", "placeorder")}
POSITIONS = {
    "long": "long",
    "short": "short",
    "flat": "flat",
    "bullish": "long",
    "bearish": "short",
}
QUANTITY_TYPES = {
    "fixedquantity": AmountUnit.UNITS,
    "dollaramount": AmountUnit.CASH,
    "riskdollaramount": AmountUnit.RISK_CASH,
    "percentofequity": AmountUnit.PERCENT_OF_EQUITY,
    "percentofposition": AmountUnit.PERCENT_OF_POSITION,
    "lots": AmountUnit.LOTS,
}
ORDER_TYPES = {
    "market": OrderType.MARKET,
    "mkt": OrderType.MARKET,
    "limit": OrderType.LIMIT,
    "lmt": OrderType.LIMIT,
    "stop": OrderType.STOP,
    "slm": OrderType.STOP,
    "stoplimit": OrderType.STOP_LIMIT,
    "sl": OrderType.STOP_LIMIT,
    "sll": OrderType.STOP_LIMIT,
    "trailingstop": OrderType.TRAILING_STOP,
}
PRODUCT_TYPES = {
    "cnc": "cnc",
    "intraday": "intraday",
    "mis": "intraday",
    "margin": "margin",
    "nrml": "margin",
    "mtf": "mtf",
    "bo": "bo",
    "co": "co",
    # Dhan's letters
    "c": "cnc",
    "i": "intraday",
    "m": "margin",
}
OPTION_TYPES = {"ce": "CE", "call": "CE", "pe": "PE", "put": "PE"}
TIMES_IN_FORCE = {word: word for word in ("day", "gtc", "ioc", "fok", "opg", "cls")}
YES_OR_NO = {"true": True, "yes": True, "false": False, "no": False}
