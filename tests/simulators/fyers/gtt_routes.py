"""The endpoints of GTT orders."""

from collections.abc import Mapping
from typing import Any, cast

from tests.simulators.fyers import asking, views
from tests.simulators.fyers import refusals as no
from tests.simulators.fyers.accounts import Account
from tests.simulators.fyers.exchange import Exchange
from tests.simulators.fyers.gtt import Gtt, GttLeg
from tests.simulators.fyers.instruments import Instrument
from tests.simulators.fyers.orders import Status
from tests.simulators.fyers.refusals import refused
from tests.simulators.fyers.replies import Handler, Reply, Request, ok
from tests.simulators.fyers.world import World

_SIDES = (1, -1)


class GttApi:
    """Answers what is asked of GTT orders."""

    def __init__(self, world: World, exchange: Exchange) -> None:
        self._world = world
        self._exchange = exchange

    def routes(self) -> dict[str, Handler]:
        """The handlers, each under its method and path."""
        return {
            "GET /api/v3/gtt/orders": self.book,
            "POST /api/v3/gtt/orders/sync": self.place,
            "PATCH /api/v3/gtt/orders/sync": self.modify,
            "DELETE /api/v3/gtt/orders/sync": self.cancel,
        }

    def book(self, request: Request) -> Reply:
        known = request.account.gtts.values()
        return ok(orderBook=[views.gtt(self._world, request.account, each) for each in known])

    def place(self, request: Request) -> Reply:
        """Let one wait; it binds no money and needs no position."""
        body, world = request.body, self._world
        instrument = asking.listed(world, body)
        product = asking.product_of(body, instrument)
        if product == "INTRADAY":
            raise refused(no.BAD_PRODUCT)
        if body.get("side") not in _SIDES:
            raise refused(no.BAD_SIDE)
        legs = self._legs(body, instrument, {})
        made = Gtt(
            id=world.new_id(),
            instrument=instrument,
            side=body["side"],
            product=product,
            legs=legs,
            above=legs[0].trigger > world.last(instrument),
            tag=asking.tag_of(body, request.account.fy_id),
            created_at=world.stamp(),
        )
        request.account.gtts[made.id] = made
        return ok(1101, "Successfully placed order", id=made.id)

    def modify(self, request: Request) -> Reply:
        """Change prices and quantities; what a leg does not name stays."""
        found = self._waiting(request.account, request.body)
        names: list[str] = ["leg1", "leg2"]
        old = dict(zip(names, found.legs, strict=False))
        found.legs = self._legs(request.body, found.instrument, old)
        found.above = found.legs[0].trigger > self._world.last(found.instrument)
        return ok(1102, "Successfully modified order", id=found.id)

    def cancel(self, request: Request) -> Reply:
        found = self._waiting(request.account, request.body)
        found.status = Status.CANCELLED
        return ok(1103, "Successfully cancelled order", id=found.id)

    def _waiting(self, account: Account, body: dict[str, Any]) -> Gtt:
        found = account.gtts.get(str(body.get("id", "")))
        if found is None:
            raise refused(no.UNKNOWN_ORDER)
        if found.status is not Status.PENDING:
            raise refused(no.CANCELLED if found.status is Status.CANCELLED else no.TRADED)
        return found

    def _legs(
        self, body: dict[str, Any], instrument: Instrument, old: Mapping[str, GttLeg]
    ) -> list[GttLeg]:
        """One leg, on either side of the last price; or two, the first above it.

        Raises:
            Refusal: there is none, or one is on the wrong side.
        """
        given: dict[str, Any] = body.get("orderInfo") or {}
        names = [name for name in ("leg1", "leg2") if name in given or name in old]
        if "leg1" not in names:
            raise refused(no.BAD_INPUT)
        legs = [self._leg(given.get(name) or {}, instrument, old.get(name)) for name in names]
        last = self._world.last(instrument)
        two = len(legs) > 1
        if (two and not legs[0].trigger > last > legs[1].trigger) or legs[0].trigger == last:
            raise refused(no.BAD_STOP)
        return legs

    def _leg(self, given: Any, instrument: Instrument, old: GttLeg | None) -> GttLeg:
        body = cast("dict[str, Any]", given)
        if old is not None:
            kept = {"price": old.price, "triggerPrice": old.trigger, "qty": old.qty}
            body = kept | body
        price = asking.amount(body, "price", no.BAD_LIMIT)
        trigger = asking.amount(body, "triggerPrice", no.BAD_STOP)
        if not price or not trigger:
            raise refused(no.BAD_LIMIT if not price else no.BAD_STOP)
        if price % instrument.tick or trigger % instrument.tick:
            raise refused(no.OFF_TICK)
        return GttLeg(price, trigger, asking.quantity(body, "qty", instrument))
