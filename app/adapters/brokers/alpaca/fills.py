"""What orders were filled with, one by one: as the stream told, else from the activities."""

import logging
import threading
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from app.adapters.brokers.alpaca.answers import ZERO, Execution, Told, read_activity
from app.adapters.brokers.alpaca.wire import Wire
from app.adapters.brokers.reading import rows_of
from app.domain.order import Fill
from app.domain.rates import Purpose

log = logging.getLogger(__name__)

REMEMBERED = 2000
"""Orders whose executions are kept; what is forgotten can be read again."""

PAGE, MOST_PAGES = 100, 50
MARGIN = timedelta(seconds=1)
"""The activities are asked for by whole seconds, and strictly after and before."""


class Fills:
    """The executions of orders.

    It never takes an average for a price: an execution that is not told of by itself has not
    happened yet.
    """

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._known: OrderedDict[str, dict[Decimal, Execution]] = OrderedDict()
        self._lock = threading.Lock()

    def note(self, execution: Execution) -> None:
        """Keep an execution; told again it changes nothing."""
        with self._lock:
            found = self._known.setdefault(execution.order_id, {})
            found.setdefault(execution.after, execution)
            self._known.move_to_end(execution.order_id)
            while len(self._known) > REMEMBERED:
                self._known.popitem(last=False)

    def of(self, order: Told) -> Sequence[Execution]:
        """The executions of an order, the oldest first, as far as each is told of.

        Raises:
            BrokerError: the activities could not be read.
        """
        if not order.filled:
            return ()
        found = self._chain(order)
        if _total(found) < order.filled:
            self._read_activities(order)
            found = self._chain(order)
        return found

    def _chain(self, order: Told) -> Sequence[Execution]:
        """The known executions from the first on, up to the first gap or to what is filled."""
        with self._lock:
            known = sorted(self._known.get(order.id, {}).values(), key=lambda each: each.after)
        chain: list[Execution] = []
        for each in known:
            if each.after - each.quantity != _total(chain) or each.after > order.filled:
                break
            chain.append(each)
        return chain

    def _read_activities(self, order: Told) -> None:
        """Read backward from the order's end: mostly the first row is all there is."""
        left = order.filled
        for page in self._pages(order):
            for row in page:
                execution = read_activity(row)
                if execution.order_id == order.id:
                    self.note(execution)
                    left -= execution.quantity
            if left <= 0:
                return
        log.info("executions are not told of yet", extra={"order": order.id, "quantity": left})

    def _pages(self, order: Told) -> Iterator[list[Any]]:
        params = {
            "direction": "desc",
            "page_size": str(PAGE),
            "after": _second(order.submitted_at - MARGIN),
        }
        if order.status.final:
            params["until"] = _second(order.changed_at + 2 * MARGIN)
        for _ in range(MOST_PAGES):
            page = rows_of(self._wire.get("/account/activities/FILL", params, Purpose.REDUCE))
            yield page
            if len(page) < PAGE:
                return
            params["page_token"] = str(page[-1]["id"])


def as_fills(executions: Sequence[Execution], order: Told, client_order_id: str) -> list[Fill]:
    """Executions as fills of an order of ours."""
    return [
        Fill(
            fill_id=each.fill_id,
            client_order_id=client_order_id,
            symbol=order.symbol,
            side=order.side,
            quantity=each.quantity,
            price=each.price,
            at=each.at,
        )
        for each in executions
    ]


def _total(executions: Sequence[Execution]) -> Decimal:
    return sum((each.quantity for each in executions), ZERO)


def _second(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")
