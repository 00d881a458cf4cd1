"""An account: its login, its money, its positions, its holdings, and all that happened in it."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal

from tests.simulators.fyers.gtt import Gtt
from tests.simulators.fyers.instruments import Instrument
from tests.simulators.fyers.orders import ZERO, Order, Row

DELIVERY = "CNC"
_INTRADAY_LEVERAGE = 5
_FUTURES_MARGIN = Decimal("0.15")


@dataclass(slots=True)
class Position:
    """What was traded of an instrument under one product since the day began.

    Attributes:
        net: units, negative when short; `cost` is what they cost.
        bought, sold: units and worth of the day.
        carried: units that were there when the day began.
    """

    instrument: Instrument
    product: str
    net: int = 0
    cost: Decimal = ZERO
    bought: tuple[int, Decimal] = (0, ZERO)
    sold: tuple[int, Decimal] = (0, ZERO)
    carried: int = 0
    realized: Decimal = ZERO

    @property
    def id(self) -> str:
        """Its name in answers."""
        return f"{self.instrument.symbol}-{self.product}"

    @property
    def average(self) -> Decimal:
        """What one unit cost."""
        return self.cost / abs(self.net) if self.net else ZERO

    @property
    def side(self) -> int:
        """+1 long, -1 short, 0 closed."""
        return (self.net > 0) - (self.net < 0)

    def book(self, signed: int, price: Decimal) -> Decimal:
        """Take a trade in; answers what was realized by it."""
        units, worth = self.bought if signed > 0 else self.sold
        traded = (units + abs(signed), worth + abs(signed) * price)
        if signed > 0:
            self.bought = traded
        else:
            self.sold = traded
        return self._net(signed, price)

    def _net(self, signed: int, price: Decimal) -> Decimal:
        closes = min(abs(signed), abs(self.net)) if self.net * signed < 0 else 0
        gained = closes * (price - self.average) * self.side
        self.cost -= closes * self.average
        self.cost += (abs(signed) - closes) * price
        self.net += signed
        self.realized += gained
        return gained


@dataclass(slots=True)
class Holding:
    """Shares at home. `qty`: those of the beginning of the day; `left`: what is not sold of them.

    `fresh`: they came last night and are not settled yet.
    """

    instrument: Instrument
    qty: int
    left: int
    cost: Decimal
    fresh: bool = True


@dataclass(slots=True, kw_only=True)
class Account:
    """One account and its books. `start` is the money that it began with.

    Attributes:
        tokens: access tokens that were given out, until which second each is good.
        refresh_tokens: the same for what they are renewed with.
        codes: authorization codes that wait to be exchanged.
        steps: how far headless logins are, by their keys.
        logins: in which minute headless logins began.
        asked: how often it asked in a second, a minute and a day; `breaches` of a minute's limit.
        book_since: what was before is no longer in the day's books.
    """

    app_id: str
    secret: str
    fy_id: str
    pin: str
    totp: str
    start: Decimal = Decimal(1_000_000)
    cash: Decimal = ZERO
    opening: Decimal = ZERO
    edis: bool = True
    orders: dict[str, Order] = field(default_factory=dict[str, Order])
    working: dict[str, Order] = field(default_factory=dict[str, Order])
    trades: list[tuple[int, Row]] = field(default_factory=list[tuple[int, Row]])
    positions: dict[str, Position] = field(default_factory=dict[str, Position])
    holdings: dict[str, Holding] = field(default_factory=dict[str, Holding])
    gtts: dict[str, Gtt] = field(default_factory=dict[str, Gtt])
    tokens: dict[str, int] = field(default_factory=dict[str, int])
    refresh_tokens: dict[str, int] = field(default_factory=dict[str, int])
    codes: set[str] = field(default_factory=set[str])
    steps: dict[str, str] = field(default_factory=dict[str, str])
    logins: list[int] = field(default_factory=list[int])
    asked: dict[tuple[str, int], int] = field(default_factory=dict[tuple[str, int], int])
    breaches: set[int] = field(default_factory=set[int])
    book_since: int = 0
    day: str = ""

    def __post_init__(self) -> None:
        self.cash = self.opening = self.cash or self.start

    def keep(self, order: Order) -> None:
        """Take an order into the books, for ever."""
        self.orders[order.id] = self.working[order.id] = order

    def open_orders(self, symbol: str | None = None) -> Iterator[Order]:
        """The orders that something may still come of, the oldest first."""
        for order in tuple(self.working.values()):
            if not order.is_open:
                del self.working[order.id]
            elif symbol is None or order.instrument.symbol == symbol:
                yield order

    def tagged(self, tag: str) -> list[Order]:
        """The orders with a tag: it need not be one."""
        return [order for order in self.orders.values() if order.tag == f"1:{tag}"]

    def net(self, instrument: Instrument, product: str) -> int:
        """Units of a position: negative when short, or sold from the holdings."""
        position = self.positions.get(f"{instrument.symbol}-{product}")
        return position.net if position else 0

    def deliverable(self, instrument: Instrument) -> int:
        """Shares that may be sold for delivery: today's and those at home."""
        holding = self.holdings.get(instrument.symbol)
        return self.net(instrument, DELIVERY) + (holding.qty if holding else 0)

    def position(self, instrument: Instrument, product: str) -> Position:
        """The position of an instrument, an empty one when there is none."""
        made = Position(instrument, product)
        return self.positions.setdefault(made.id, made)

    # ------------------------------------------------------------------ money

    def book(self, order: Order, qty: int, price: Decimal) -> None:
        """Settle a trade in units and in money."""
        self.settle(self.position(order.instrument, order.product), order.side * qty, price)

    def settle(self, position: Position, signed: int, price: Decimal) -> None:
        """Take units into a position, and the money that goes with them."""
        gained = position.book(signed, price)
        instrument = position.instrument
        self.cash += -signed * price if is_paid(instrument, position.product) else gained
        if position.product == DELIVERY and instrument.symbol in self.holdings:
            holding = self.holdings[instrument.symbol]
            holding.left = holding.qty + min(0, position.net)

    @property
    def available(self) -> Decimal:
        """What may be spent: cash, less what positions and open entries bind."""
        return self.cash - self.bound - sum((self.cost(each) for each in self.open_orders()), ZERO)

    @property
    def bound(self) -> Decimal:
        """What the positions bind."""
        return sum(
            (
                margin(each.instrument, each.product, each.net, each.average)
                for each in self.positions.values()
            ),
            ZERO,
        )

    def cost(self, order: Order, price: Decimal | None = None) -> Decimal:
        """What an order will bind or cost when it is filled; nothing for what closes."""
        held = self.net(order.instrument, order.product)
        if order.product == DELIVERY and order.side < 0:
            return ZERO
        closes = min(order.left, abs(held)) if held * order.side < 0 else 0
        opens = order.side * (order.left - closes)
        at = price or order.limit_price or order.stop_price
        paid = is_paid(order.instrument, order.product)
        buys = opens * at if paid and opens > 0 else ZERO
        return buys + margin(order.instrument, order.product, opens, at)


def margin(instrument: Instrument, product: str, net: int, price: Decimal) -> Decimal:
    """What an open position binds, beyond what was paid for it."""
    if instrument.is_option and net < 0:
        return -net * (instrument.strike or ZERO) * _FUTURES_MARGIN
    if is_paid(instrument, product):
        return ZERO
    if instrument.is_future:
        return abs(net) * price * _FUTURES_MARGIN
    leverage = (instrument.mtf or 1) if product == "MTF" else _INTRADAY_LEVERAGE
    return abs(net) * price / leverage


def is_paid(instrument: Instrument, product: str) -> bool:
    """Whether its price is paid and received, rather than gains and losses."""
    return instrument.is_option or product == DELIVERY
