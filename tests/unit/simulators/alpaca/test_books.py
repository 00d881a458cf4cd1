"""Whatever is ordered, quoted, canceled and replaced: the books of the simulator are right."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.fakes.clock import FakeClock
from tests.simulators.alpaca import an_account
from tests.simulators.alpaca.accounts import Account
from tests.simulators.alpaca.exchange import Exchange
from tests.simulators.alpaca.money import Purse
from tests.simulators.alpaca.orders import AT_WORK, Order
from tests.simulators.alpaca.refusals import Refusal
from tests.simulators.alpaca.world import World
from tests.simulators.market import Quote

SYMBOLS = ("AAPL", "F", "BTC/USD", "AAPL261218C00190000", "AAPL261218P00190000")
LASTING = ("filled", "canceled", "expired", "replaced")

symbols = st.sampled_from(SYMBOLS)
sides = st.sampled_from(("buy", "sell"))
moves = st.integers(-8, 8).map(lambda percent: Decimal(100 + percent) / 100)
quantities = st.one_of(
    st.integers(1, 60).map(Decimal),
    st.decimals("0.01", "20", places=3),
)


def order_of(
    symbol: str,
    side: str,
    kind: str,
    qty: Decimal | int,
    *,
    time: str = "gtc",
    order_class: str = "",
) -> dict[str, Any]:
    body = {"symbol": symbol, "side": side, "type": kind, "time_in_force": time}
    return {**body, "qty": str(qty), "order_class": order_class}


class Trading(RuleBasedStateMachine):
    """An account that does anything that comes to its mind."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = FakeClock()
        self.account: Account = an_account()
        self.world = World(self.clock)
        self.world.accounts[self.account.key] = self.account
        self.exchange = Exchange(self.world)
        self.ended: dict[str, tuple[Any, ...]] = {}

    def attempt(self, work: Callable[[], Order | None]) -> None:
        """Do something, or be refused."""
        before = (self.account.cash, len(self.account.orders), len(self.account.activities))
        try:
            order = work()
        except Refusal:
            after = (self.account.cash, len(self.account.orders), len(self.account.activities))
            assert before == after
        else:
            if order is not None:
                self.exchange.begin(self.account, order)

    def price(self, symbol: str, move: Decimal) -> str:
        places = Decimal("0.01")
        return f"{(self.world.quotes[symbol].middle * move).quantize(places):f}"

    @rule(
        symbol=symbols,
        side=sides,
        kind=st.sampled_from(("market", "limit", "stop", "stop_limit", "trailing_stop")),
        time=st.sampled_from(("day", "gtc", "ioc", "fok", "opg", "cls")),
        qty=quantities,
        first=moves,
        second=moves,
    )
    def place(self, **drawn: Any) -> None:
        symbol, kind = drawn["symbol"], drawn["kind"]
        body = order_of(symbol, drawn["side"], kind, drawn["qty"], time=drawn["time"])
        if kind in ("limit", "stop_limit"):
            body["limit_price"] = self.price(symbol, drawn["first"])
        if kind in ("stop", "stop_limit"):
            body["stop_price"] = self.price(symbol, drawn["second"])
        if kind == "trailing_stop":
            body["trail_percent"] = "3"
        self.attempt(lambda: self.exchange.accept(self.account, body))

    @rule(
        symbol=st.sampled_from(SYMBOLS[:2]),
        side=sides,
        group=st.sampled_from(("bracket", "oto")),
        entry=st.one_of(st.none(), moves),
        qty=st.integers(1, 20),
        gain=st.integers(1, 9),
        loss=st.integers(1, 9),
    )
    def place_bracket(self, **drawn: Any) -> None:
        symbol, side = drawn["symbol"], drawn["side"]
        kind = "market" if drawn["entry"] is None else "limit"
        body = order_of(symbol, side, kind, drawn["qty"], order_class=drawn["group"])
        body |= self.exits(symbol, side, drawn["gain"], drawn["loss"])
        if drawn["entry"] is not None:
            body["limit_price"] = self.price(symbol, drawn["entry"])
        if drawn["group"] == "oto":
            del body["take_profit"]
        self.attempt(lambda: self.exchange.accept(self.account, body))

    @precondition(lambda self: self.account.holdings)
    @rule(data=st.data(), qty=st.integers(1, 20), gain=st.integers(1, 9), loss=st.integers(1, 9))
    def place_oco(self, data: st.DataObject, qty: int, gain: int, loss: int) -> None:
        symbol = data.draw(st.sampled_from(list(self.account.holdings)))
        entry = "buy" if self.account.holdings[symbol].qty > 0 else "sell"
        side = "sell" if entry == "buy" else "buy"
        body = order_of(symbol, side, "limit", qty, order_class="oco")
        body |= self.exits(symbol, entry, gain, loss)
        self.attempt(lambda: self.exchange.accept(self.account, body))

    def exits(self, symbol: str, entry: str, gain: int, loss: int) -> dict[str, Any]:
        """A target and a stop, so many percent away on their sides of the price."""
        sign = 1 if entry == "buy" else -1
        target, stop = Decimal(100 + sign * gain) / 100, Decimal(100 - sign * loss) / 100
        return {
            "take_profit": {"limit_price": self.price(symbol, target)},
            "stop_loss": {"stop_price": self.price(symbol, stop)},
        }

    @rule(symbol=symbols, notional=st.integers(1, 9000))
    def place_notional(self, symbol: str, notional: int) -> None:
        time = "gtc" if symbol == "BTC/USD" else "day"
        body = {"symbol": symbol, "side": "buy", "type": "market", "time_in_force": time}
        self.attempt(lambda: self.exchange.accept(self.account, body | {"notional": notional}))

    @rule(symbol=symbols, move=moves, size=st.one_of(st.none(), st.integers(0, 30)))
    def quote(self, symbol: str, move: Decimal, size: int | None) -> None:
        bid = max(Decimal("0.01"), Decimal(self.price(symbol, move)))
        much = None if size is None else Decimal(size)
        ask = bid + Decimal("0.01")
        self.exchange.on_quote(symbol, Quote(bid, ask, self.world.stamp(), much))

    @precondition(lambda self: self.account.orders)
    @rule(data=st.data())
    def cancel(self, data: st.DataObject) -> None:
        order = data.draw(st.sampled_from(list(self.account.orders.values())))
        self.attempt(lambda: self.exchange.cancel(self.account, order))

    @precondition(lambda self: self.account.orders)
    @rule(data=st.data(), move=moves, qty=st.one_of(st.none(), st.integers(1, 40)))
    def replace(self, data: st.DataObject, move: Decimal, qty: int | None) -> None:
        order = data.draw(st.sampled_from(list(self.account.orders.values())))
        body: dict[str, Any] = {} if qty is None else {"qty": str(qty)}
        if order.limit_price is not None:
            body["limit_price"] = self.price(order.asset.symbol, move)
        elif order.stop_price is not None and order.trail_percent is None:
            body["stop_price"] = self.price(order.asset.symbol, move)
        self.attempt(lambda: self.exchange.replace(self.account, order, body))

    @rule(symbol=symbols, percent=st.sampled_from((None, Decimal(50), Decimal(100))))
    def close(self, symbol: str, percent: Decimal | None) -> None:
        self.attempt(
            lambda: self.exchange.close_position(self.account, symbol, qty=None, percent=percent)
        )

    @rule(hours=st.integers(1, 30))
    def wait(self, hours: int) -> None:
        self.clock.advance(hours * 3600)
        self.exchange.pass_time()

    @invariant()
    def money_is_what_the_fills_left(self) -> None:
        cash = self.account.start
        for activity in self.account.activities:
            row = activity.row
            if activity.kind == "CFEE":
                cash += Decimal(row["net_amount"])
                continue
            asset = self.world.assets[row["symbol"]]
            sign = -1 if row["side"] == "buy" else 1
            cash += sign * Decimal(row["qty"]) * Decimal(row["price"]) * asset.multiplier
        assert self.account.cash == cash

    @invariant()
    def positions_are_what_the_fills_left(self) -> None:
        units: dict[str, Decimal] = {}
        for activity in self.account.activities:
            row = activity.row
            asset = self.world.asset(row["symbol"])
            assert asset is not None
            sign = -1 if row.get("side") == "sell" else 1
            before = units.get(asset.symbol, Decimal(0))
            units[asset.symbol] = now = before + sign * Decimal(row["qty"])
            assert before * now >= 0  # nothing is flipped
        held = {symbol: holding.qty for symbol, holding in self.account.holdings.items()}
        assert held == {symbol: qty for symbol, qty in units.items() if qty}

    @invariant()
    def equity_is_cash_and_positions(self) -> None:
        held = self.account.holdings.values()
        values = (self.world.value(holding.asset, holding.qty) for holding in held)
        assert Purse(self.world, self.account).equity == self.account.cash + sum(values)

    @invariant()
    def exits_hold_no_more_than_there_is(self) -> None:
        for holding in self.account.holdings.values():
            held, _ = self.account.reserved(holding.asset)
            assert held <= abs(holding.qty)

    @invariant()
    def an_order_is_filled_once_and_stays_as_it_ended(self) -> None:
        filled: dict[str, Decimal] = {}
        for activity in self.account.activities:
            row = activity.row
            if activity.kind == "FILL":
                filled[row["order_id"]] = filled.get(row["order_id"], 0) + Decimal(row["qty"])
                assert Decimal(row["cum_qty"]) == filled[row["order_id"]]
        for order in self.account.orders.values():
            assert order.filled_qty == filled.get(order.id, 0)
            assert order.qty is None or order.filled_qty <= order.qty
            now = (order.status, order.filled_qty, order.filled_cost)
            if order.status in LASTING:
                assert self.ended.setdefault(order.id, now) == now

    @invariant()
    def of_a_pair_one_quantity_is_sold(self) -> None:
        for order in self.account.orders.values():
            if order.is_entry and order.replaced_by is None:
                sold = sum(leg.filled_qty for leg in order.legs)
                resized = any(leg.replaces for leg in order.legs)
                assert sold <= order.filled_qty or resized
                if order.status in AT_WORK:
                    assert {leg.status for leg in order.legs} <= {"held"}


Trading.TestCase.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
TestTrading = Trading.TestCase
