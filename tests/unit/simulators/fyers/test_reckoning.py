"""Whatever is traded, over whatever nights: units and money come to what the trades say."""

from decimal import Decimal
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from tests.fakes.clock import FakeClock
from tests.simulators.fyers.accounts import Account
from tests.simulators.fyers.exchange import Exchange
from tests.simulators.fyers.simulator import an_account
from tests.simulators.fyers.world import World
from tests.simulators.market import Quote
from tests.unit.simulators.fyers.conftest import MORNING

SHARE, FUTURE, CALL = "NSE:SBIN-EQ", "NSE:NIFTY26NOVFUT", "NSE:NIFTY26NOV24650CE"


class Step(NamedTuple):
    """A trade at a price that stays the last one, and perhaps a night after it."""

    kind: tuple[str, str]
    side: int
    lots: int
    price: int
    night: bool


PRODUCTS = {SHARE: ("INTRADAY", "MTF", "CNC"), FUTURE: ("MARGIN",), CALL: ("MARGIN", "INTRADAY")}
KINDS = [(symbol, product) for symbol, products in PRODUCTS.items() for product in products]
STEPS = st.lists(
    st.builds(
        Step,
        kind=st.sampled_from(KINDS),
        side=st.sampled_from((1, -1)),
        lots=st.integers(1, 5),
        price=st.integers(10, 500),
        night=st.booleans(),
    ),
    max_size=12,
)


def worth(world: World, account: Account) -> Decimal:
    """Cash, shares at home, and positions: those that were paid for, and what others have won."""
    total = account.cash
    for holding in account.holdings.values():
        total += holding.qty * world.last(holding.instrument)
    for each in account.positions.values():
        total += each.net * world.last(each.instrument)
        if not (each.instrument.is_option or each.product == "CNC"):
            total -= each.side * each.cost
    return total


@given(STEPS)
def test_the_account_is_worth_what_its_trades_came_to(steps: list[Step]) -> None:
    world = World(FakeClock(MORNING))
    world.accounts["one"] = account = an_account()
    account.day = f"{world.today():%Y-%m-%d}"
    exchange = Exchange(world)
    for step in steps:
        symbol, product = step.kind
        instrument = world.instruments[symbol]
        price = Decimal(step.price)
        exchange.on_quote(symbol, Quote(price, price, world.stamp()))
        qty = step.lots * instrument.lot
        if product == "CNC" and step.side < 0:  # only what is there is delivered
            qty = min(qty, account.deliverable(instrument))
        if qty:
            exchange.by_hand(account, instrument, step.side, qty, product)
        if step.night:
            exchange.end_day(account)

    orders = account.orders.values()
    paid = sum((each.side * each.cost for each in orders), Decimal(0))
    held = {name: Decimal(0) for name in PRODUCTS}
    for each in orders:
        held[each.instrument.symbol] += each.side * each.filled
    value = sum(
        (units * world.quotes[name].bid for name, units in held.items() if units), Decimal(0)
    )
    assert round(worth(world, account), 6) == round(account.start - paid + value, 6)
    shown = sum(each.net for each in account.positions.values() if each.instrument.is_cash)
    home = sum(each.qty for each in account.holdings.values())
    assert shown + home == held[SHARE]
