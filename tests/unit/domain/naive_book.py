"""A book that is too simple to be wrong, to hold the matcher against."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from app.domain.book_order import BookOrder
from app.domain.order import OrderType
from tests.unit.domain.orders_of import BUY, SELL

Told = list[tuple[Any, ...]]


@dataclass
class NaiveBook:
    """The same rules without any cleverness: every question is answered from the whole list."""

    slippage: int = 0
    rows: list[BookOrder] = field(default_factory=list[BookOrder])
    fills: list[int] = field(default_factory=list[int])
    seen: defaultdict[str, list[int]] = field(default_factory=lambda: defaultdict(list))

    @property
    def position(self) -> int:
        return sum(self.fills)

    def submit(self, row: BookOrder, price: int | None) -> Told:
        from_here = row.type is OrderType.TRAILING_STOP and row.stop is row.activation is None
        if price is None and (row.type is OrderType.MARKET or row.immediate or from_here):
            return [("Rejected", row.id, "no_quote")]
        if row.reduce_only and self.position * row.side >= 0:
            return [("Rejected", row.id, "no_position")]
        self.rows.append(row)
        told: Told = [("Accepted", row.id), *self.cut()]
        if price is None:
            return told
        told += self.run([row.id], price)
        if not any(other is row for other in self.rows):
            return told
        if row.immediate:
            self.rows.remove(row)
            return [*told, ("Canceled", row.id, "not_filled")]
        return told + self.follow(row, price)

    def cancel(self, order_id: str) -> Told:
        before = len(self.rows)
        self.rows = [row for row in self.rows if row.id != order_id]
        return [("Canceled", order_id, "requested")] if len(self.rows) < before else []

    def expire(self, order_ids: Iterable[str]) -> Told:
        gone = [order_id for order_id in order_ids if self.cancel(order_id)]
        return [("Canceled", order_id, "expired") for order_id in gone]

    def on_price(self, price: int) -> Told:
        told = self.run([row.id for row in self.rows], price)
        return told + [each for row in self.rows for each in self.follow(row, price)]

    def on_bar(self, first: int, high: int, low: int, last: int) -> Told:
        """Show every tick of the path, one after the other."""
        turns = (high, low, last) if high - first < first - low else (low, high, last)
        told = self.on_price(first)
        here = first
        for turn in turns:
            while here != turn:
                here += 1 if turn > here else -1
                told += self.on_price(here)
        return told

    def follow(self, row: BookOrder, price: int) -> Told:
        """Put a trailing stop behind the best of all prices that it saw since it started."""
        if row.trail is None:
            return []
        seen = self.seen[row.id]
        if row.stop is None and row.activation is not None:
            starts = price >= row.activation if row.side == SELL else price <= row.activation
            if not starts:
                return []
        if row.stop is not None and not seen:
            seen.append(row.stop + row.trail if row.side == SELL else row.stop - row.trail)
        seen.append(price)
        stop = max(seen) - row.trail if row.side == SELL else min(seen) + row.trail
        if stop == row.stop:
            return []
        row.stop = stop
        return [("Moved", row.id, stop)]

    def run(self, candidates: list[str], price: int) -> Told:
        told: Told = []
        while due := [r for r in self.rows if r.id in candidates and self.due(r, price)]:
            row = min(due, key=lambda r: (r.stop is None, self.rows.index(r)))
            if row.type is OrderType.STOP_LIMIT and not row.triggered:
                row.triggered = True
                told.append(("Triggered", row.id))
            else:
                told += self.fill(row, price)
        return told

    def due(self, row: BookOrder, price: int) -> bool:
        """Tell by the definition of each type."""
        up, down = self.at_or_above(price, row.stop), self.at_or_below(price, row.stop)
        stop_reached = up if row.side == BUY else down
        cheap, dear = self.at_or_below(price, row.limit), self.at_or_above(price, row.limit)
        within_limit = cheap if row.side == BUY else dear
        return {
            OrderType.MARKET: True,
            OrderType.LIMIT: within_limit,
            OrderType.STOP: stop_reached,
            OrderType.TRAILING_STOP: stop_reached,
            OrderType.STOP_LIMIT: within_limit if row.triggered else stop_reached,
        }[row.type]

    @staticmethod
    def at_or_above(price: int, level: int | None) -> bool:
        return level is not None and price >= level

    @staticmethod
    def at_or_below(price: int, level: int | None) -> bool:
        return level is not None and price <= level

    def fill(self, row: BookOrder, price: int) -> Told:
        paid = price if row.limit is not None else price + row.side * self.slippage
        self.fills.append(row.side * row.quantity)
        told: Told = [("Filled", row.id, paid, row.quantity, self.position)]
        self.rows = [r for r in self.rows if r is not row]
        told += self.settle_siblings(row)
        for leg in row.arm(paid) if row.arm else ():
            leg.parent, leg.group = row.id, leg.group or row.id
            self.rows.append(leg)
            told.append(("Armed", leg.id, row.id))
            told += [] if leg.stop is not None else self.follow(leg, paid)
        return told + self.cut()

    def settle_siblings(self, row: BookOrder) -> Told:
        """A part takes its quantity from each whole; when no whole is left all of it is over."""
        siblings = [r for r in self.rows if row.group and r.group == row.group]
        left = {r.id: r.quantity - row.quantity for r in siblings if not r.part}
        if not row.part or (left and max(left.values()) <= 0):
            left = dict.fromkeys((r.id for r in siblings), 0)
        told: Told = []
        for sibling in siblings:
            if left.get(sibling.id, 1) <= 0:
                self.rows.remove(sibling)
                told.append(("Canceled", sibling.id, "sibling_filled"))
            elif sibling.id in left:
                sibling.quantity = left[sibling.id]
                told.append(("Resized", sibling.id, sibling.quantity))
        return told

    def cut(self) -> Told:
        """Cut whatever is too large, group after group from the oldest on."""
        groups = self.groups()
        told: Told = []
        for group, most in zip(groups, self.limits(groups), strict=True):
            sizes = self.sizes(group, most)
            if any(r.reduce_only and r.quantity > sizes[r.id] for r in group):
                told += [each for row in group for each in self.lower(row, sizes[row.id])]
        return told

    def limits(self, groups: list[list[BookOrder]]) -> list[int]:
        """Give how much an order of each group may close.

        What the armed legs close in excess of the position is taken from the oldest group that has
        something left, one step after the other. Where nothing is taken, the position is the limit.
        """
        rooms = [self.room(group[0]) for group in groups]
        shares = [self.protects(group) for group in groups]
        limits = list(rooms)
        for side in (BUY, SELL):
            here = [n for n, group in enumerate(groups) if group[0].side == side]
            while here and sum(shares[n] for n in here) > rooms[here[0]]:
                oldest = next(n for n in here if shares[n])
                shares[oldest] -= 1
                limits[oldest] = min(rooms[oldest], shares[oldest])
        return limits

    def groups(self) -> list[list[BookOrder]]:
        """List what is bound together on one side; an order without a group is alone."""
        groups: list[list[BookOrder]] = []
        for row in self.rows:
            for group in groups:
                if row.group and (group[0].group, group[0].side) == (row.group, row.side):
                    group.append(row)
                    break
            else:
                groups.append([row])
        return groups

    def lower(self, row: BookOrder, most: int) -> Told:
        if not most:
            self.rows.remove(row)
            return [("Canceled", row.id, "position_closed")]
        if row.quantity == most:
            return []
        row.quantity = most
        return [("Resized", row.id, most)]

    @staticmethod
    def protects(group: list[BookOrder]) -> int:
        """Tell how much armed legs close: one whole or all parts; an exit alone is none."""
        legs = [row for row in group if row.reduce_only and row.parent]
        wholes = [row.quantity for row in legs if not row.part]
        return max([*wholes, sum(row.quantity for row in legs if row.part)])

    @staticmethod
    def sizes(group: list[BookOrder], most: int) -> dict[str, int]:
        """Give how large each may be; of the parts the youngest loses first, step after step."""
        sizes = {row.id: min(row.quantity, most) for row in group}
        parts = [row.id for row in group if row.part]
        while sum(sizes[part] for part in parts) > most:
            sizes[[part for part in parts if sizes[part]][-1]] -= 1
        return sizes

    def room(self, row: BookOrder) -> int:
        """How much an order of this side can close."""
        return abs(self.position) if self.position * row.side < 0 else 0
