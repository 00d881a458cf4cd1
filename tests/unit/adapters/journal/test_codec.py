"""What is journaled as JSON comes back as it was."""

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.adapters.journal.codec import INTENT, PLAN
from app.domain.decision import Plan, Signal, TradeType
from app.domain.instrument import AssetClass
from app.domain.order import Leg, Level, LevelKind, OrderIntent, OrderRole, OrderType, Side

numbers = st.decimals("0.000000001", "1000000", places=9)
levels = st.builds(
    Level,
    st.sampled_from(LevelKind),
    numbers,
    st.sampled_from([None, "stop", "stop_limit", "trailing_stop"]),
    st.none() | numbers,
)
legs = st.none() | st.builds(Leg, st.just("LEG"), levels)
intents = st.builds(
    OrderIntent,
    client_order_id=st.just("ORDER"),
    account=st.just("paper"),
    symbol=st.just("BTC/USD"),
    instrument=st.just("BTCUSD"),
    side=st.sampled_from(Side),
    quantity=numbers,
    role=st.sampled_from(OrderRole),
    order_type=st.sampled_from(OrderType),
    limit_price=st.none() | numbers,
    stop_price=st.none() | numbers,
    trail=st.none() | numbers,
    time_in_force=st.sampled_from(["day", "gtc", "ioc", "fok"]),
    expires_at=st.none() | st.datetimes(datetime(2026, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001  # Hypothesis takes naive bounds
    stop_loss=legs,
    take_profit=legs,
)


@given(intents)
def test_an_intent_comes_back_as_it_was(intent: OrderIntent) -> None:
    assert INTENT.load(INTENT.dump(intent)) == intent


@given(intents, numbers)
def test_a_plan_comes_back_as_it_was(intent: OrderIntent, budget: Decimal) -> None:
    signal = Signal(asset_class=AssetClass.CRYPTO, trade_type=TradeType.ENTRY, side=Side.BUY)
    plan = Plan(signal=signal, entry=intent, budget=budget)
    assert PLAN.load(PLAN.dump(plan)) == plan


@pytest.mark.parametrize("field", ["trail", "expires_at"])
def test_what_is_not_set_is_not_written(field: str) -> None:
    intent = OrderIntent(
        client_order_id="A",
        account="paper",
        symbol="AAPL",
        instrument="AAPL",
        side=Side.BUY,
        quantity=Decimal(1),
        role=OrderRole.ENTRY,
    )
    assert field not in INTENT.dump(intent)
