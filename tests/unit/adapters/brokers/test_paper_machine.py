"""Whatever is done to a paper account, its books agree with a small model that only adds up.

The model counts in fractions and hears of fills only from the answers of the broker, so that a
fill which is not told, or told twice, shows as a difference.
"""

import tempfile
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
)

from app.adapters.brokers.paper.instruments import STEP
from app.domain.errors import BrokerRejected
from app.domain.order import (
    BrokerOrder,
    Level,
    OrderIntent,
    OrderRole,
    OrderStatus,
    OrderType,
    Side,
)
from tests.contracts.venues import new_paper_file
from tests.unit.adapters.brokers.desk import Desk, intent_of, percent

SYMBOLS = ("AAPL", "BTCUSDT")
FRESH = 900

prices = st.decimals("50", "150", places=2) | st.decimals("50", "150", places=7)
quantities = st.decimals("1", "900", places=0) | st.decimals("0.000000001", "20", places=9)
sides = st.sampled_from(Side)
levels: st.SearchStrategy[Level | None] = st.none() | st.integers(1, 20).map(str).map(percent)
legs = st.fixed_dictionaries({"stop": levels, "target": levels})
symbols = st.sampled_from(SYMBOLS)


@st.composite
def pricings(draw: st.DrawFn) -> dict[str, Any]:
    """A type of order with the prices that it needs."""
    kind = draw(st.sampled_from([OrderType.MARKET, OrderType.LIMIT, OrderType.STOP]))
    if kind is OrderType.MARKET:
        return {"order_type": kind}
    price = str(draw(st.decimals("50", "150", places=2)))
    return {"order_type": kind, f"{kind.value}_price": price}


class Model:
    """Cash, positions and prices, in fractions."""

    def __init__(self) -> None:
        self.cash = Fraction(100_000)
        self.held: dict[str, Fraction] = dict.fromkeys(SYMBOLS, Fraction(0))
        self.price: dict[str, Fraction] = {}
        self.fills: set[str] = set()

    @property
    def exposure(self) -> Fraction:
        return sum((abs(self.held[s]) * p for s, p in self.price.items()), Fraction(0))

    @property
    def equity(self) -> Fraction:
        return self.cash + sum((self.held[s] * p for s, p in self.price.items()), Fraction(0))

    def hear(self, order: BrokerOrder) -> None:
        """Book the fills that were not told before."""
        for fill in order.fills:
            if fill.fill_id in self.fills:
                continue
            self.fills.add(fill.fill_id)
            change = fill.side.sign * Fraction(fill.quantity)
            assert Fraction(fill.price) == self.price[fill.symbol]
            self.held[fill.symbol] += change
            self.cash -= change * Fraction(fill.price)
        for leg in order.legs:
            self.hear(leg)

    def accepts(self, intent: OrderIntent, *, fresh: bool) -> bool:
        """Whether the account can have an order now."""
        held, quantity = self.held[intent.symbol], Fraction(intent.quantity)
        price = self.price.get(intent.symbol, Fraction(0))
        if intent.order_type is OrderType.MARKET and not fresh:
            return False
        if intent.role is OrderRole.EXIT:
            return held * intent.side.sign < 0
        after = held + intent.side.sign * quantity
        at_once = fresh and reaches(intent, price)
        if at_once and held * after < 0:
            return False
        own = intent.limit_price or intent.stop_price
        cost = (abs(after) - abs(held)) * (price if at_once else Fraction(own or 0))
        return cost <= max(Fraction(0), self.equity - self.exposure) or cost <= 0


def reaches(order: OrderIntent | BrokerOrder, price: Fraction) -> bool:
    """Whether a price executes an order of one price."""
    if order.stop_price is not None:
        return (price - Fraction(order.stop_price)) * order.side.sign >= 0
    if order.limit_price is not None:
        return (price - Fraction(order.limit_price)) * order.side.sign <= 0
    return True


class PaperMachine(RuleBasedStateMachine):
    """Random days of a paper account."""

    @initialize()
    def open(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.desk = Desk(new_paper_file(Path(self.folder.name) / "books.db"))
        self.model = Model()
        self.intents: dict[str, OrderIntent] = {}
        self.ended: dict[str, BrokerOrder] = {}
        self.quoted_at: dict[str, float] = {}

    def teardown(self) -> None:
        self.desk.close()
        self.folder.cleanup()

    @rule(symbol=symbols, price=prices)
    def quote(self, symbol: str, price: Decimal) -> None:
        self.model.price[symbol] = Fraction(price)
        for order in self.desk.quote(str(price), symbol):
            self.model.hear(order)
        self.quoted_at[symbol] = self.desk.clock.monotonic()
        for order_id, intent in self.intents.items():
            if intent.symbol == symbol and reaches(intent, Fraction(price)):
                assert not self.desk.look(order_id).status.working

    @rule(symbol=symbols, side=sides, quantity=quantities, pricing=pricings(), legs=legs)
    def enter(
        self,
        symbol: str,
        side: Side,
        quantity: Decimal,
        pricing: dict[str, Any],
        legs: dict[str, Any],
    ) -> None:
        self.submit(self.intent(symbol, side, quantity, **pricing, **legs))

    @rule(symbol=symbols, side=sides, quantity=quantities, pricing=pricings())
    def leave(self, symbol: str, side: Side, quantity: Decimal, pricing: dict[str, Any]) -> None:
        before = self.model.held[symbol]
        self.submit(self.intent(symbol, side, quantity, role=OrderRole.EXIT, **pricing))
        assert abs(self.model.held[symbol]) <= abs(before)

    @rule(symbol=symbols, parts=st.lists(st.integers(1, 20), min_size=2, max_size=3), legs=legs)
    def pyramid(self, symbol: str, parts: list[int], legs: dict[str, Any]) -> None:
        side = Side.SELL if self.model.held[symbol] < 0 else Side.BUY
        for part in parts:
            self.submit(self.intent(symbol, side, Decimal(part), **legs))

    @precondition(lambda self: any(self.model.held.values()))
    @rule(percent=st.integers(1, 120))
    def leave_a_part(self, percent: int) -> None:
        for symbol, held in self.model.held.items():
            steps = int(abs(held) * percent / 100 / Fraction(STEP))
            if steps:
                side = Side.SELL if held > 0 else Side.BUY
                self.submit(self.intent(symbol, side, steps * STEP, role=OrderRole.EXIT))

    @precondition(lambda self: self.intents)
    @rule(data=st.data())
    def send_again(self, data: st.DataObject) -> None:
        order_id = data.draw(st.sampled_from(sorted(self.intents)))
        known = self.desk.look(order_id)
        assert self.desk.broker.submit(self.intents[order_id]) == known

    @precondition(lambda self: self.intents)
    @rule(data=st.data(), prefix=st.sampled_from(["", "S", "T"]))
    def cancel(self, data: st.DataObject, prefix: str) -> None:
        order_id = prefix + data.draw(st.sampled_from(sorted(self.intents)))
        known = self.desk.broker.find(order_id)
        canceled = self.desk.broker.cancel(order_id)
        if known is None or known.status.final:
            assert canceled == known
        else:
            assert canceled is not None
            assert canceled.status is OrderStatus.CANCELED

    @rule()
    def restart(self) -> None:
        self.desk.broker = self.desk.another()

    @rule(seconds=st.sampled_from([1, 600]))
    def wait(self, seconds: int) -> None:
        self.desk.clock.advance(seconds)

    def intent(self, symbol: str, side: Side, quantity: Decimal, **more: Any) -> OrderIntent:
        return intent_of(f"O{len(self.intents)}", side, str(quantity), symbol=symbol, **more)

    def submit(self, intent: OrderIntent) -> None:
        age = self.desk.clock.monotonic() - self.quoted_at.get(intent.symbol, 0)
        accepted = self.model.accepts(intent, fresh=age <= FRESH)
        try:
            self.model.hear(self.desk.broker.submit(intent))
        except BrokerRejected:
            assert not accepted
            assert self.desk.broker.find(intent.client_order_id) is None
        else:
            assert accepted
            self.intents[intent.client_order_id] = intent

    @invariant()
    def money_agrees(self) -> None:
        balance = self.desk.broker.balance()
        assert Fraction(balance.cash) == self.model.cash
        assert Fraction(balance.equity) == self.model.equity
        left = max(Fraction(0), self.model.equity - self.model.exposure)
        assert Fraction(balance.buying_power) == left

    @invariant()
    def positions_agree(self) -> None:
        held = {p.instrument: Fraction(p.quantity) for p in self.desk.broker.positions()}
        assert held == {symbol: size for symbol, size in self.model.held.items() if size}

    @invariant()
    def orders_agree(self) -> None:
        for order_id, intent in self.intents.items():
            order = self.desk.look(order_id)
            assert self.ended.setdefault(order_id, order) == order or not settled(
                self.ended[order_id]
            )
            self.ended[order_id] = order
            for reducing in (order, *order.legs):
                if reducing.status.working and reducing.client_order_id != order_id:
                    self.check_reducing(reducing)
            if intent.role is OrderRole.EXIT and order.status.working:
                self.check_reducing(order)

    @invariant()
    def legs_close_no_more_than_is_held(self) -> None:
        """Invariant I5: of each bracket one leg can fill, and all brackets can."""
        closing: dict[str, Fraction] = dict.fromkeys(SYMBOLS, Fraction(0))
        for order_id, intent in self.intents.items():
            legs = [leg for leg in self.desk.look(order_id).legs if leg.status.working]
            largest = max((Fraction(leg.quantity) for leg in legs), default=Fraction(0))
            closing[intent.symbol] += largest
        for symbol, quantity in closing.items():
            assert quantity <= abs(self.model.held[symbol])

    def check_reducing(self, order: BrokerOrder) -> None:
        """It can close what is held, and never more."""
        held = self.model.held[order.symbol]
        assert held * order.side.sign < 0
        assert order.quantity <= abs(held)


def settled(order: BrokerOrder) -> bool:
    return all(each.status.final for each in (order, *order.legs))


TestPaperMachine = PaperMachine.TestCase
TestPaperMachine.settings = settings(
    max_examples=40,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)
