"""The risk gate asks what a set limit needs, and nothing else."""

from collections.abc import Set
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any, cast
from zoneinfo import ZoneInfo

import pytest

from app.domain.alert import Alert
from app.domain.decision import Denied, Plan, Signal, TradeType
from app.domain.errors import BrokerUnavailable
from app.domain.instrument import AssetClass, Ticker
from app.domain.limits import Limits
from app.domain.order import OrderIntent, OrderRole, OrderType, Side
from app.domain.position import Quote
from app.domain.strategy import Strategy
from app.domain.windows import parse_windows
from app.engine.accounts import Account
from app.engine.order_engine import Order
from app.engine.risk_gate import RiskGate
from app.engine.trade_router import ALL
from app.ports.journal import Journal, Unit
from tests.builders import ALERT_ID, ENTRY_ID, a_strategy, an_alert, an_instrument, capabilities
from tests.fakes.broker import FakeBroker
from tests.fakes.clock import START, FakeClock

D = Decimal
AAPL = Ticker("NASDAQ", "AAPL")
PAPER_LIKE = capabilities(takes_quotes=True)


@dataclass(slots=True)
class Books:
    """What the journal tells the gate, and what it was asked; it is a unit of itself."""

    entered: Set[str] = frozenset()
    entries: int = 0
    entered_at: datetime | None = None
    lost: Decimal = Decimal(0)
    asked: list[tuple[Any, ...]] = field(default_factory=list[tuple[Any, ...]])

    def last_fill(self) -> int:
        self.asked.append(("last_fill",))
        return 7

    def being_entered(self, account: str, after_fill: int) -> Set[str]:
        self.asked.append(("being_entered", account, after_fill))
        return self.entered

    def entries_since(self, account: str, moment: datetime, *, without: str = "") -> int:
        self.asked.append(("entries_since", account, moment, without))
        return self.entries

    def last_entry_at(self, account: str, instrument: str, since: datetime) -> datetime | None:
        self.asked.append(("last_entry_at", account, instrument, since))
        return self.entered_at

    def realised(self, account: str, since: datetime) -> Decimal:
        self.asked.append(("realised", account, since))
        return -self.lost


class Desk:
    """An account with 100,000 in cash, its limits, and its gate."""

    def __init__(self, books: Books | None = None, **limits: Any) -> None:
        self.broker = FakeBroker(account="paper")
        self.books = books or Books()
        self.account = Account("paper", self.broker, Limits(**limits))
        self.gate = RiskGate(cast("Journal", self.books), FakeClock(), ZoneInfo)

    def judge(
        self,
        alert: Alert | None = None,
        row: Strategy | None = None,
        quoted: Decimal | None = None,
        **parts: Any,
    ) -> Plan:
        """Judge an entry of 10 at 100; fields of its intent may be given."""
        budget = parts.pop("budget", D(1000))
        plain: dict[str, Any] = {"quantity": D(10), "side": Side.BUY}
        entry = OrderIntent(
            client_order_id=ENTRY_ID,
            account="paper",
            symbol="AAPL",
            instrument="AAPL",
            role=OrderRole.ENTRY,
            **(plain | parts),
        )
        signal = Signal(
            asset_class=AssetClass.EQUITY, trade_type=TradeType.REVERSE, side=Side.BUY, reduce=ALL
        )
        order = Order(
            alert_id=ALERT_ID,
            alert=alert or an_alert(),
            signal=signal,
            instrument=an_instrument(),
            account=self.account,
            strategy=row,
            quoted=quoted,
        )
        return self.gate.judge(order, Plan(signal=signal, entry=entry, budget=budget))

    def reason(self, *args: Any, **parts: Any) -> str | None:
        """The limit that an entry breaks."""
        plan = self.judge(*args, **parts)
        return plan.entry.reason.value if isinstance(plan.entry, Denied) else None


def test_without_limits_nothing_is_read() -> None:
    desk = Desk()
    for read in ("positions", "quote", "balance"):
        desk.broker.fail(read, BrokerUnavailable("down"))
    plan = desk.judge()
    assert isinstance(plan.entry, OrderIntent)
    assert desk.gate.admission(desk.account, plan.entry)(cast("Unit", desk.books)) is None
    assert desk.gate.look_again(desk.account, an_instrument(), AAPL) is None
    assert desk.books.asked == []


def test_limits_on_the_order_itself_need_no_read() -> None:
    desk = Desk(max_order_quantity=D(10), max_order_notional=D(1000), allowed_symbols=("AAPL",))
    for read in ("positions", "quote", "balance"):
        desk.broker.fail(read, BrokerUnavailable("down"))
    assert (desk.reason(), desk.books.asked) == (None, [])


@pytest.mark.parametrize(
    ("limits", "row", "reason"),
    [
        ({"max_order_quantity": D(9)}, None, "LIMIT_QUANTITY"),
        ({"max_order_notional": D(999)}, None, "LIMIT_NOTIONAL"),
        ({"max_open_positions": 1}, None, "LIMIT_POSITIONS"),
        ({}, a_strategy(max_quantity=D(9)), "LIMIT_QUANTITY"),
        ({"max_order_quantity": D(9)}, a_strategy(max_quantity=D(10)), "LIMIT_QUANTITY"),
        ({"max_order_quantity": D(10)}, a_strategy(max_quantity=D(9)), "LIMIT_QUANTITY"),
        ({"allowed_symbols": ("MSFT",)}, None, "SYMBOL_NOT_ALLOWED"),
    ],
)
def test_rule_16_limits_hold_an_entry_back_and_never_the_close_before_it(
    limits: dict[str, Any], row: Strategy | None, reason: str
) -> None:
    desk = Desk(**limits)
    desk.broker.hold("MSFT", D(1))
    plan = desk.judge(row=row)
    assert isinstance(plan.entry, Denied)
    assert plan.entry.reason.value == reason
    assert (plan.signal.reduce, plan.budget) == (ALL, None)


def test_an_entry_that_is_denied_already_stays_so() -> None:
    desk = Desk(max_order_quantity=D(1))
    plan = desk.judge()
    again = replace(plan, budget=None)
    order = Order(
        alert_id=ALERT_ID,
        alert=an_alert(),
        signal=plan.signal,
        instrument=an_instrument(),
        account=desk.account,
        strategy=None,
    )
    assert desk.gate.judge(order, again) is again


def test_the_position_of_the_instrument_itself_does_not_count_as_another() -> None:
    desk = Desk(Books(entered={"AAPL"}), max_open_positions=1)
    desk.broker.hold("AAPL", D(1))
    assert desk.reason() is None


def test_an_entry_that_may_still_fill_counts_as_a_position_once() -> None:
    desk = Desk(Books(entered={"MSFT", "TSLA"}), max_open_positions=3)
    desk.broker.hold("MSFT", D(1))
    assert desk.reason() is None
    desk.broker.hold("NVDA", D(1))
    assert desk.reason() == "LIMIT_POSITIONS"


def test_a_symbol_may_be_allowed_with_its_exchange() -> None:
    desk = Desk(allowed_symbols=("NASDAQ:*",))
    assert desk.reason(an_alert(symbol="NASDAQ:AAPL")) is None
    assert desk.reason(an_alert(symbol="AAPL", exchange="NASDAQ")) is None
    assert desk.reason(an_alert(symbol="AAPL")) == "SYMBOL_NOT_ALLOWED"


def test_the_pause_is_that_of_the_instrument() -> None:
    books = Books(entered_at=START - timedelta(seconds=30))
    assert Desk(books, cooldown=timedelta(seconds=31)).reason() == "LIMIT_COOLDOWN"
    assert books.asked == [("last_entry_at", "paper", "AAPL", START - timedelta(seconds=31))]


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        ({"order_type": OrderType.LIMIT, "limit_price": D("0.01")}, None),
        ({"order_type": OrderType.LIMIT, "limit_price": D(90), "side": Side.SELL}, None),
        ({"order_type": OrderType.STOP, "stop_price": D(90), "side": Side.SELL}, None),
        (
            {"order_type": OrderType.LIMIT, "limit_price": D("0.01"), "quantity": D(11)}
            | {"side": Side.SELL},
            "LIMIT_NOTIONAL",
        ),
        (
            {"order_type": OrderType.STOP, "stop_price": D("0.01"), "quantity": D(11)},
            "LIMIT_NOTIONAL",
        ),
        (
            {"order_type": OrderType.STOP_LIMIT, "limit_price": D("0.01"), "side": Side.SELL}
            | {"stop_price": D(101)},
            "LIMIT_NOTIONAL",
        ),
        (
            {"order_type": OrderType.STOP_LIMIT, "limit_price": D(1), "stop_price": D(101)},
            None,
        ),
    ],
)
def test_rule_16_a_low_price_on_an_order_that_fills_at_the_market_hides_no_money(
    parts: dict[str, Any], reason: str | None
) -> None:
    desk = Desk(max_order_notional=D(1000))
    desk.broker.prices["AAPL"] = D(100)
    assert desk.reason(**parts) == reason


def test_the_rate_is_counted_over_the_second_before_the_plan() -> None:
    books = Books(entries=2)
    assert Desk(books, max_orders_per_second=2).reason() == "LIMIT_RATE"
    assert books.asked == [("entries_since", "paper", START - timedelta(seconds=1), "")]


def test_an_order_whose_cost_is_not_known_does_not_pass_a_limit_on_money() -> None:
    assert Desk(max_order_notional=D(10**9)).reason(budget=None) == "LIMIT_NOTIONAL"


def test_what_an_order_costs_at_a_market_that_is_not_known_is_not_known() -> None:
    low = {"order_type": OrderType.LIMIT, "limit_price": D("0.01"), "side": Side.SELL}
    assert Desk(max_order_notional=D(10**9)).reason(**low) == "LIMIT_NOTIONAL"
    assert Desk(max_order_notional=D(10**9)).reason(**(low | {"side": Side.BUY})) is None


# --- the market ----------------------------------------------------------------------------------


def collared(price: str, before: str | None = None, **more: Any) -> Desk:
    """A desk whose newest quote is a price, after another one."""
    desk = Desk(price_collar_percent=D(5), **more)
    known = None if before is None else Quote(price=D(before), at=START)
    desk.broker.quotes["AAPL"] = Quote(price=D(price), at=START, before=known)
    return desk


@pytest.mark.parametrize(
    ("alert", "parts", "reason"),
    [
        (an_alert(price=D(104)), {}, None),
        (an_alert(price=D(106)), {}, "LIMIT_COLLAR"),
        (an_alert(), {}, None),
        (an_alert(price=D(100)), {"limit_price": D(94)}, "LIMIT_COLLAR"),
        (an_alert(price=D(200)), {"limit_price": D(99)}, None),
        (an_alert(), {"stop_price": D(106)}, "LIMIT_COLLAR"),
    ],
)
def test_the_limit_of_an_entry_else_the_price_of_the_alert_is_held_against_the_market(
    alert: Alert, parts: dict[str, Any], reason: str | None
) -> None:
    kind = OrderType.LIMIT if parts else OrderType.MARKET
    assert collared("100").reason(alert, order_type=kind, **parts) == reason


def test_a_broker_without_a_price_lets_no_collared_entry_pass() -> None:
    assert Desk(price_collar_percent=D(5)).reason(an_alert(price=D(1))) == "LIMIT_COLLAR"


def paper_collar(price: str, before: str | None) -> Desk:
    desk = collared(price, before)
    desk.account = replace(
        desk.account, broker=FakeBroker(account="paper", capabilities=PAPER_LIKE)
    )
    cast("FakeBroker", desk.account.broker).quotes = desk.broker.quotes
    return desk


@pytest.mark.parametrize(
    ("newest", "before", "quoted", "reason"),
    [
        ("120", "100", None, "LIMIT_COLLAR"),  # its own price, after another one
        ("120", "118", None, None),
        ("120", None, None, None),  # the first price ever: there is nothing to compare with
        ("100", "120", None, "LIMIT_COLLAR"),  # a newer quote came in between
        ("100", "120", "120", "LIMIT_COLLAR"),  # a preview, whose price is told to nobody
        ("120", "100", "120", None),
    ],
)
def test_where_quotes_come_from_alerts_the_price_before_its_own_is_the_markets(
    newest: str, before: str | None, quoted: str | None, reason: str | None
) -> None:
    desk = paper_collar(newest, before)
    alert = an_alert(price=D(120))
    assert desk.reason(alert, quoted=None if quoted is None else D(quoted)) == reason


def test_the_spread_is_that_of_bid_and_ask() -> None:
    desk = Desk(max_spread_percent=D(1))
    desk.broker.quotes["AAPL"] = Quote(price=D(100), at=START, bid=D("99.5"), ask=D("100.5"))
    assert desk.reason() is None
    desk.broker.quotes["AAPL"] = Quote(price=D(100), at=START, bid=D("99.4"), ask=D("100.5"))
    assert desk.reason() == "LIMIT_SPREAD"
    desk.broker.quotes["AAPL"] = Quote(price=D(100), at=START)
    assert desk.reason() == "LIMIT_SPREAD"


# --- what changes until the wire -----------------------------------------------------------------


def test_rule_16_the_days_loss_is_realised_and_open_since_the_exchanges_midnight() -> None:
    midnight = datetime(2026, 11, 20, tzinfo=ZoneInfo("America/New_York"))
    for price, reason in (("96.01", None), ("96", "LIMIT_DAILY_LOSS")):
        desk = Desk(Books(lost=D(60)), max_daily_loss=D(100))
        desk.broker.prices["MSFT"] = D(price)
        desk.broker.hold("MSFT", D(10), D(100))
        assert desk.reason() == reason
        assert desk.books.asked == [("realised", "paper", midnight)]


@pytest.mark.parametrize(
    ("ticker", "asset_class", "began"),
    [
        (Ticker("NSE", "SBIN"), AssetClass.EQUITY, "2026-11-20T00:00+05:30"),
        (Ticker("BINANCE", "BTCUSDT"), AssetClass.CRYPTO, "2026-11-20T00:00+00:00"),
        (Ticker("", "AAPL"), AssetClass.EQUITY, "2026-11-20T00:00-05:00"),
    ],
)
def test_rule_16_a_day_is_that_of_the_exchange(
    ticker: Ticker, asset_class: AssetClass, began: str
) -> None:
    desk = Desk(Books(lost=D(100)), max_daily_loss=D(100))
    denied = desk.gate.look_again(desk.account, an_instrument(asset_class=asset_class), ticker)
    assert isinstance(denied, Denied)
    assert denied.reason.value == "LIMIT_DAILY_LOSS"
    assert desk.books.asked == [("realised", "paper", datetime.fromisoformat(began))]


def test_a_window_that_closed_after_the_decision_still_stops_the_entry() -> None:
    desk = Desk(trading_windows=parse_windows("20:00-21:00", ZoneInfo))
    denied = desk.gate.look_again(desk.account, an_instrument(), AAPL)
    assert isinstance(denied, Denied)
    assert denied.reason.value == "LIMIT_WINDOW"


def test_admission_counts_what_was_entered_since_the_positions_were_read() -> None:
    desk = Desk(max_open_positions=1, max_orders_per_second=2)
    plan = desk.judge()
    assert isinstance(plan.entry, OrderIntent)
    admit = desk.gate.admission(desk.account, plan.entry)
    unit = Books(entries=1)
    assert admit(cast("Unit", unit)) is None
    assert unit.asked == [
        ("being_entered", "paper", 7),
        ("entries_since", "paper", START - timedelta(seconds=1), ENTRY_ID),
    ]
    for full, reason in (
        (Books(entered={"MSFT"}), "LIMIT_POSITIONS"),
        (Books(entries=2), "LIMIT_RATE"),
    ):
        denied = admit(cast("Unit", full))
        assert isinstance(denied, Denied)
        assert denied.reason.value == reason
