"""Order updates: what the stream has told of orders lately, for who is about to read a book.

They are hints: what an order is, the books say. But who has just changed one had better read them
when the change has arrived, and not before and after it; and a book that shows less than was told
is behind.
"""

import threading
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from app.adapters.brokers.fyers.answers import News, Row
from app.ports.clock import Clock

GRACE = 0.3
"""Seconds that a change is waited for before the books are read all the same."""

BEHIND = 5.0
"""Seconds that a book may be behind what was told; after that it is right."""

REMEMBERED = 500

Enough: TypeAlias = Callable[[News], bool]


@dataclass(frozen=True, slots=True)
class _Told:
    news: News
    at: float


class Updates:
    """The latest word of each order.

    Args:
        clock: tells how old a word is.
        listens: whether there are any at present.
        grace: seconds that a word is waited for.
    """

    def __init__(self, clock: Clock, listens: Callable[[], bool], grace: float = GRACE) -> None:
        self._clock = clock
        self._listens = listens
        self._grace = grace
        self._told: OrderedDict[str, _Told] = OrderedDict()
        self._news = threading.Condition()

    @property
    def listens(self) -> bool:
        """Whether what happens is told now."""
        return self._listens()

    def note(self, news: News) -> None:
        """Take note of what was told of an order; executions are told for themselves, too."""
        if news.status is None:
            return
        with self._news:
            if self._are_told([news.order_id], ended) and not ended(news):
                return  # it comes late
            self._told[news.order_id] = _Told(news, self._clock.monotonic())
            self._told.move_to_end(news.order_id)
            if len(self._told) > REMEMBERED:
                self._told.popitem(last=False)
            self._news.notify_all()

    def wait_for(self, order_ids: Iterable[str], enough: Enough) -> None:
        """Wait a moment until enough was told of each order; not at all while nobody tells."""
        if not self.listens:
            return
        ids = list(order_ids)
        with self._news:
            self._news.wait_for(lambda: self._are_told(ids, enough), self._grace)

    def ahead_of(self, rows: Mapping[str, Row]) -> Iterator[str]:
        """The symbols of which more was told lately than the order book shows; by rows' ids."""
        now = self._clock.monotonic()
        with self._news:
            told = [each for each in self._told.values() if now - each.at < BEHIND]
        for each in told:
            row = rows.get(each.news.order_id)
            if each.news.symbol and (row is None or _is_behind(row, each.news)):
                yield each.news.symbol

    def _are_told(self, order_ids: Iterable[str], enough: Enough) -> bool:
        told = (self._told.get(each) for each in order_ids)
        return all(each is not None and enough(each.news) for each in told)


def arrived(news: News) -> bool:
    """Whether an order is on its way no more: it rests, or has ended."""
    return not news.in_transit


def ended(news: News) -> bool:
    """Whether nothing more will happen to an order."""
    return news.status is not None and news.status.final


def _is_behind(row: Row, news: News) -> bool:
    return row.filled < news.filled or (ended(news) and not row.status.final)
