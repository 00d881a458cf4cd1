"""The facts of events: what each name means, and of which type its value is. Any may be None."""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal


@dataclass(frozen=True, slots=True)
class Fact:
    """One name. `kind`: the type of its value in the engine; JSON has decimals as text."""

    kind: type
    meaning: str

    def holds(self, value: object) -> bool:
        """Whether a value is of its type."""
        return value is None or isinstance(value, self.kind)


FACTS: Mapping[str, Fact] = {
    "asset_class": Fact(str, "what is traded: equity, crypto, option ..."),
    "average_price": Fact(Decimal, "mean price of what was executed"),
    "backup": Fact(str, "the file that was restored"),
    "canceled": Fact(int, "how many orders were canceled"),
    "detail": Fact(str, "why, in words for people"),
    "events": Fact(int, "of how many events the notification told"),
    "filled_quantity": Fact(Decimal, "how much of the order was executed"),
    "foreign": Fact(Decimal, "how much is held that is not ours"),
    "last": Fact(str, "when it came last"),
    "left": Fact(Decimal, "what is still counted as the strategy's own"),
    "limit_price": Fact(Decimal, "limit of the order"),
    "now": Fact(Decimal, "how much is foreign from now on"),
    "of": Fact(str, "what of the sheet: a tab of it, or Google itself"),
    "open": Fact(list, "what is held, each in words"),
    "order_type": Fact(str, "market, limit, stop ..."),
    "orders": Fact(int, "how many orders had changed"),
    "position": Fact(Decimal, "what the account holds"),
    "price": Fact(Decimal, "price at which it was adopted"),
    "problems": Fact(dict, "how many problems of each kind"),
    "quantity": Fact(Decimal, "in units"),
    "realised": Fact(dict, "profit after fees in each currency"),
    "reason": Fact(str, "why: a code of [errors](errors.md), or the broker's words"),
    "replay": Fact(str, "the alert that replays this one"),
    "replay_of": Fact(str, "the alert that this one replays"),
    "request_id": Fact(str, "the request that it came with"),
    "revision": Fact(str, "of the database's schema"),
    "role": Fact(str, "entry, exit, stop_loss or take_profit"),
    "seconds_behind": Fact(str, "how far this machine's clock is behind the broker's"),
    "side": Fact(str, "buy or sell"),
    "since": Fact(str, "from when on"),
    "sink": Fact(str, "the address of notifications, by its name"),
    "status": Fact(str, "of the alert, or of the order"),
    "stop_price": Fact(Decimal, "where the stop is triggered"),
    "strategy": Fact(str, "the strategy's name; empty when it has none"),
    "timeframe": Fact(str, "of the alert"),
    "trade_type": Fact(str, "what the alert means: entry, exit, reverse ..."),
    "trades": Fact(int, "how many trades were closed"),
    "until": Fact(str, "up to when"),
    "usual_hours": Fact(str, "the longest that it usually takes, in hours of its market"),
    "was": Fact(Decimal, "how much it was before"),
    "why": Fact(str, "why, in words for people"),
    "won": Fact(int, "how many of them with a profit"),
    "expected": Fact(str, "the address that is registered at the broker"),
    "expires_at": Fact(str, "when the token dies"),
    "found": Fact(str, "the address of now"),
    "rows": Fact(list, "each row, by its line, and why it is not traded"),
    "url": Fact(str, "where to log in"),
}
"""Every name that `ABOUT` uses. What the tests set off is held against it."""
