"""Builders: the facts that tests are about, with sane defaults. A test names what matters to it."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from typing import Any

from app.domain.alert import Action, Alert, Amount, AmountUnit
from app.domain.capabilities import Capabilities
from app.domain.grains import grains, money_grains
from app.domain.instrument import AssetClass, Instrument
from app.domain.ledger import BookedFill
from app.domain.order import (
    BrokerOrder,
    Fill,
    Level,
    LevelKind,
    OrderRole,
    OrderStatus,
    OrderType,
    Side,
)
from app.domain.strategy import Strategy
from app.engine.trade_router import Situation
from app.ports.journal import Job, OrderRecord
from tests.fakes.broker import EVERYTHING
from tests.fakes.clock import START

Number = Decimal | int | str

ENTRY_ID = "ENTRYENTRYENTRYENTRYENTRYA"
ALERT_ID = "01JD5ZQF8G0000000000000000"


def units(value: Number) -> Amount:
    """So many shares, coins or contracts."""
    return Amount(Decimal(value))


def cash(value: Number) -> Amount:
    """So much money."""
    return Amount(Decimal(value), AmountUnit.CASH)


def risk(value: Number) -> Amount:
    """So much money to lose at the stop."""
    return Amount(Decimal(value), AmountUnit.RISK_CASH)


def lots(value: Number) -> Amount:
    """So many lots."""
    return Amount(Decimal(value), AmountUnit.LOTS)


def percent(value: Number) -> Amount:
    """A bare `50%`."""
    return Amount(Decimal(value), AmountUnit.PERCENT)


def of_equity(value: Number) -> Amount:
    """So many percent of the account's equity."""
    return Amount(Decimal(value), AmountUnit.PERCENT_OF_EQUITY)


def of_position(value: Number) -> Amount:
    """So many percent of the position."""
    return Amount(Decimal(value), AmountUnit.PERCENT_OF_POSITION)


def level_at(price: Number, kind: str | None = None) -> Level:
    """A stop or target at a price; `kind` is the type of order that was asked for."""
    return Level(LevelKind.PRICE, Decimal(price), type=kind)


def percent_away(value: Number) -> Level:
    """A stop or target so many percent from the entry."""
    return Level(LevelKind.PERCENT, Decimal(value))


def points_away(value: Number) -> Level:
    """A stop or target so far from the entry, in price."""
    return Level(LevelKind.OFFSET, Decimal(value))


def an_alert(action: Action | None = Action.BUY, **overrides: Any) -> Alert:
    """An alert on AAPL that says nothing but its side."""
    fields: dict[str, Any] = {"symbol": "AAPL", "timeframe": "15m"}
    return Alert(action=action, **(fields | overrides))


def a_strategy(**overrides: Any) -> Strategy:
    """A row for AAPL of 1,000 that leaves everything else to the defaults."""
    fields: dict[str, Any] = {"symbol": "AAPL", "position_size": Decimal(1000)}
    return Strategy(**(fields | overrides))


def an_instrument(**overrides: Any) -> Instrument:
    """AAPL in cents and whole shares."""
    fields: dict[str, Any] = {
        "symbol": "AAPL",
        "key": "AAPL",
        "asset_class": AssetClass.EQUITY,
        "tick": Decimal("0.01"),
        "step": Decimal(1),
    }
    return Instrument(**(fields | overrides))


def capabilities(**overrides: Any) -> Capabilities:
    """A broker that can do everything except trailing stops."""
    return replace(EVERYTHING, **overrides)


def a_situation(held: Number = 0, **overrides: Any) -> Situation:
    """So much held (negative when short), no row, at a broker that can do everything."""
    fields: dict[str, Any] = {
        "asset_class": AssetClass.EQUITY,
        "strategy": None,
        "can_short": True,
    }
    return Situation(held=Decimal(held), **(fields | overrides))


def a_fill(
    side: Side = Side.BUY,
    quantity: Number = 10,
    price: Number = 100,
    fee: Number = 0,
    *,
    minute: int = 0,
) -> Fill:
    """A fill of AAPL, so many minutes after the start of the test's time."""
    return Fill(
        fill_id=f"F{minute}",
        client_order_id=ENTRY_ID,
        symbol="AAPL",
        side=side,
        quantity=Decimal(quantity),
        price=Decimal(price),
        fee=Decimal(fee),
        at=START + timedelta(minutes=minute),
    )


def booked(fill: Fill, number: int, **overrides: Any) -> BookedFill:
    """A fill of the account `paper` in the journal, under a number."""
    fields: dict[str, Any] = {
        "number": number,
        "account": "paper",
        "instrument": fill.symbol,
        "symbol": fill.symbol,
        "strategy": "",
        "alert_id": ALERT_ID,
        "units": grains(fill.quantity) * fill.side.sign,
        "price": grains(fill.price),
        "fee": money_grains(fill.fee),
        "multiplier": grains(Decimal(1)),
        "at": fill.at,
    }
    return BookedFill(**(fields | overrides))


def a_job(**overrides: Any) -> Job:
    """The claimed work of an alert on the account `paper`."""
    fields: dict[str, Any] = {
        "id": 1,
        "alert_id": ALERT_ID,
        "alert": an_alert(),
        "account": "paper",
        "instrument": "AAPL",
        "lane": "paper:AAPL",
        "received_at": START,
        "owner": "us",
        "attempt": 1,
        "tries": 0,
        "halted": False,
        "unwanted": False,
        "resumed": False,
    }
    return Job(**(fields | overrides))


def an_order(status: OrderStatus, filled: Number = 0, **overrides: Any) -> OrderRecord:
    """An entry to buy 10 AAPL as the journal knows it; what filled, filled at 100."""
    fields: dict[str, Any] = {
        "client_order_id": ENTRY_ID,
        "broker_order_id": "B1",
        "alert_id": ALERT_ID,
        "job_id": 1,
        "account": "paper",
        "symbol": "AAPL",
        "instrument": "AAPL",
        "lane": "paper:AAPL",
        "role": OrderRole.ENTRY,
        "side": Side.BUY,
        "order_type": OrderType.MARKET,
        "quantity": Decimal(10),
        "average_price": Decimal(100) if Decimal(filled) else None,
        "limit_price": None,
        "stop_price": None,
        "multiplier": Decimal(1),
        "reason": "",
        "parent": None,
        "strategy": "",
        "submitted_at": START,
        "updated_at": START,
    }
    return OrderRecord(status=status, filled_quantity=Decimal(filled), **(fields | overrides))


def an_answer(status: OrderStatus, *legs: BrokerOrder, **overrides: Any) -> BrokerOrder:
    """What a broker says of an order to buy 10 AAPL, and of its legs."""
    fields: dict[str, Any] = {
        "client_order_id": ENTRY_ID,
        "broker_order_id": "B1",
        "symbol": "AAPL",
        "side": Side.BUY,
        "quantity": Decimal(10),
    }
    return BrokerOrder(status=status, legs=legs, **(fields | overrides))
