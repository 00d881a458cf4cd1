"""Shares: on which accounts an alert trades, and how much of it each takes (trading-rules 15).

`paper, alpaca*0.5, second=$2000`: an account, one that trades half of every size, one with a size
of its own. Alerts and rows of the playbook write it alike.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import ROUND_DOWN, Context, Decimal

from app.domain.alert import Alert, Amount, AmountUnit

SEPARATOR = ","
OF_THE_WHOLE = (
    AmountUnit.PERCENT,
    AmountUnit.PERCENT_OF_EQUITY,
    AmountUnit.PERCENT_OF_POSITION,
)
"""Sizes that are each account's own already: half the account has half the equity."""

_NUMBER = r"[0-9]{1,15}(?:\.[0-9]{1,18})?"
_SHARE = re.compile(
    r"(?P<account>[^\s*=]+)\s*"
    rf"(?:\*\s*(?P<times>{_NUMBER})"
    rf"|=\s*(?:\$(?P<cash>{_NUMBER})|(?P<percent>{_NUMBER})\s*%|(?P<units>{_NUMBER})))?"
)
_UNITS = {
    "cash": AmountUnit.CASH,
    "percent": AmountUnit.PERCENT_OF_EQUITY,
    "units": AmountUnit.UNITS,
}
# What is cut off is cut off downward, toward nothing: a share never exceeds its part.
_DOWN = Context(prec=60, rounding=ROUND_DOWN)


@dataclass(frozen=True, slots=True)
class Share:
    """What one account takes of an alert.

    `multiplier` is of every absolute size, of entries, exits and targets. `size` is the account's
    own for entries that give none; it takes the place of the row's.
    """

    account: str
    multiplier: Decimal = Decimal(1)
    size: Amount | None = None

    @property
    def is_plain(self) -> bool:
        """Whether it says nothing but the account."""
        return self.multiplier == 1 and self.size is None

    def of(self, alert: Alert) -> Alert:
        """The alert as it concerns the account."""
        if self.multiplier == 1:
            return alert
        return replace(
            alert,
            quantity=self.scaled(alert.quantity),
            position_size=self._times(alert.position_size),
            prev_position_size=self._times(alert.prev_position_size),
        )

    def scaled(self, size: Amount | None) -> Amount | None:
        """A size that was meant for all, as it concerns the account."""
        if size is None or self.multiplier == 1 or size.unit in OF_THE_WHOLE:
            return size
        return Amount(_DOWN.multiply(size.value, self.multiplier), size.unit)

    def _times(self, number: Decimal | None) -> Decimal | None:
        return None if number is None else _DOWN.multiply(number, self.multiplier)

    def __str__(self) -> str:
        """As it is written."""
        if self.size is not None:
            before, after = _SIGNS[self.size.unit]
            return f"{self.account}={before}{self.size.value:f}{after}"
        return self.account if self.multiplier == 1 else f"{self.account}*{self.multiplier:f}"


_SIGNS: Mapping[AmountUnit, tuple[str, str]] = {
    AmountUnit.CASH: ("$", ""),
    AmountUnit.PERCENT_OF_EQUITY: ("", "%"),
    AmountUnit.UNITS: ("", ""),
}

WHOLE = Share("")
"""All of an alert, on an account that is known."""


def shares_of(text: str) -> tuple[Share, ...]:
    """The shares that a text names, each account once, in their order.

    What does not read as a share is taken for an account's name, which no account has: it is denied
    for itself and holds nothing else back.

    Raises:
        ValueError: one account is given two sizes.
    """
    shares: dict[str, Share] = {}
    for item in filter(None, map(str.strip, text.split(SEPARATOR))):
        share = _share(item)
        known = shares.setdefault(share.account, share)
        if known.is_plain:
            shares[share.account] = share
        elif not share.is_plain and share != known:
            raise ValueError(f"the account {share.account} is given two sizes")
    return tuple(shares.values()) or (Share(text.strip()),)


def written(shares: tuple[Share, ...]) -> str:
    """Shares as one writes them."""
    return f"{SEPARATOR} ".join(map(str, shares))


def _share(item: str) -> Share:
    match = _SHARE.fullmatch(item)
    if match is None:
        return Share(item.lower())
    account = match["account"].lower()
    numbers = {name: Decimal(match[name]) for name in ("times", *_UNITS) if match[name]}
    if not all(numbers.values()):
        return Share(item.lower())
    if "times" in numbers:
        return Share(account, numbers["times"])
    sizes = [Amount(numbers[name], unit) for name, unit in _UNITS.items() if name in numbers]
    return Share(account, size=sizes[0] if sizes else None)
