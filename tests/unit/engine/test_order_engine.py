"""A signal becomes a complete order or says why not; what forbids an entry never blocks a close."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.domain.alert import Alert, Amount
from app.domain.capabilities import Capabilities
from app.domain.decision import Denial, Denied, Plan, Signal, TradeType
from app.domain.errors import BrokerUnavailable
from app.domain.identity import client_order_id
from app.domain.instrument import AssetClass, Instrument
from app.domain.order import Level, LevelKind, OrderIntent, OrderRole, OrderType, Side
from app.domain.strategy import Sides, Sizing, Strategy
from app.engine.accounts import Account
from app.engine.entry_terms import Levels
from app.engine.order_engine import Order, OrderEngine, endless
from app.engine.trade_router import ALL
from tests.builders import (
    ALERT_ID,
    a_strategy,
    an_alert,
    an_instrument,
    capabilities,
    cash,
    level_at,
    lots,
    of_equity,
    of_position,
    percent,
    percent_away,
    points_away,
    risk,
    units,
)
from tests.fakes.broker import EVERYTHING, FakeBroker

D = Decimal
COIN = an_instrument(
    symbol="BTC/USD", key="BTCUSD", asset_class=AssetClass.CRYPTO, step=D("0.000000001")
)
WHOLE_BRACKETS = capabilities(fractional_brackets=False)
FRACTIONS = an_instrument(step=D("0.001"))
CALL = an_instrument(
    symbol="NSE:NIFTY26D0126000CE", asset_class=AssetClass.OPTION, lot=D(65), tick=D("0.05")
)
USUAL = Levels(percent_away(15), percent_away(25))
TWO_TO_ONE: dict[str, Any] = {"stop_loss": percent_away(2), "take_profit": percent_away(4)}


class Desk:
    """An account with 100,000 in cash and a quote of 100, and what its order engine plans."""

    def __init__(self, can: Capabilities = EVERYTHING, price: str | None = "100") -> None:
        self.broker = FakeBroker(account="paper", capabilities=can)
        if price is not None:
            self.broker.prices = {"AAPL": D(price), "BTCUSD": D(price)}

    def plan(
        self,
        alert: Alert | None = None,
        size: Amount | None = None,
        kind: TradeType = TradeType.ENTRY,
        side: Side = Side.BUY,
        **given_parts: Any,
    ) -> Plan:
        """Plan an order; `row`, `instrument` and `default` may be given."""
        reduces = kind in (TradeType.REVERSE, TradeType.EXIT)
        instrument: Instrument = given_parts.get("instrument", an_instrument())
        row: Strategy | None = given_parts.get("row")
        signal = Signal(
            asset_class=instrument.asset_class,
            trade_type=kind,
            side=side,
            reduce=ALL if reduces else None,
            size=size,
        )
        order = Order(
            alert_id=ALERT_ID,
            alert=alert or an_alert(),
            signal=signal,
            instrument=instrument,
            account=Account("paper", self.broker, default_size=given_parts.get("default")),
            strategy=row,
        )
        return OrderEngine(given_parts.get("day_end", endless), USUAL).plan(order)

    def entry(self, *args: Any, **more: Any) -> OrderIntent:
        """Plan an order that is complete."""
        entry = self.plan(*args, **more).entry
        assert isinstance(entry, OrderIntent), entry
        return entry

    def refusal(self, *args: Any, **more: Any) -> Denial:
        """Plan an order that is denied."""
        entry = self.plan(*args, **more).entry
        assert isinstance(entry, Denied), entry
        return entry.reason


# --- the order -----------------------------------------------------------------------------------


def test_a_plain_entry_is_a_market_order_for_the_day_under_an_id_of_its_alert() -> None:
    assert Desk().plan(size=units(3)).entry == OrderIntent(
        client_order_id=client_order_id(ALERT_ID, "paper", "entry"),
        account="paper",
        symbol="AAPL",
        instrument="AAPL",
        side=Side.BUY,
        quantity=D(3),
        role=OrderRole.ENTRY,
    )


@pytest.mark.parametrize("kind", [TradeType.EXIT, TradeType.CANCEL])
def test_a_signal_that_enters_nothing_is_planned_without_asking_the_broker(
    kind: TradeType,
) -> None:
    desk = Desk()
    desk.broker.fail("quote", BrokerUnavailable("down"))
    desk.broker.fail("balance", BrokerUnavailable("down"))
    plan = desk.plan(kind=kind)
    assert (plan.entry, plan.budget, plan.signal.trade_type) == (None, None, kind)


def test_the_budget_is_quantity_times_multiplier_times_price() -> None:
    future = an_instrument(multiplier=D(50))
    assert Desk().plan(size=units(3), instrument=future).budget == 15_000


def test_three_orders_of_an_alert_have_three_ids() -> None:
    entry = Desk().entry(an_alert(**TWO_TO_ONE), units(3))
    ids = {entry.client_order_id, *(leg.client_order_id for _, leg in entry.legs)}
    assert len(ids) == 3


# --- how much ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "row", "default", "quantity"),
    [
        (units(7), a_strategy(), D(500), 7),
        (cash(750), a_strategy(), D(500), 7),
        (percent(1), a_strategy(), D(500), 10),
        (of_equity(1), None, None, 10),
        (None, a_strategy(), D(500), 10),
        (None, a_strategy(position_size=None), D(500), 5),
        (None, None, D(500), 5),
        (None, a_strategy(position_size=D(3), sizing_type=Sizing.QUANTITY), D(500), 3),
        (None, a_strategy(position_size=D(3), sizing_type=Sizing.LOTS), D(500), 3),
        (None, a_strategy(position_size=D(2), sizing_type=Sizing.PERCENT_OF_EQUITY), None, 20),
        (units(7), a_strategy(position_size=D(3), sizing_type=Sizing.LOTS), D(500), 7),
    ],
)
def test_the_alerts_size_wins_over_the_rows_and_the_rows_over_the_default(
    size: Amount | None, row: Strategy | None, default: Decimal | None, quantity: int
) -> None:
    assert Desk().entry(size=size, row=row, default=default).quantity == quantity


@pytest.mark.parametrize(
    ("size", "row", "reason"),
    [
        (None, None, Denial.NO_SIZE),
        (None, a_strategy(position_size=None), Denial.NO_SIZE),
        (cash("99.99"), None, Denial.TOO_SMALL),
        (units("0.5"), None, Denial.TOO_SMALL),
        (None, a_strategy(position_size=D(0)), Denial.TOO_SMALL),
        (of_position(50), None, Denial.UNSUPPORTED_QUANTITY),
        (risk(100), None, Denial.NO_STOP),
        (None, a_strategy(position_size=D(9), sizing_type=Sizing.RISK), Denial.NO_STOP),
    ],
)
def test_a_size_that_makes_no_quantity_is_denied(
    size: Amount | None, row: Strategy | None, reason: Denial
) -> None:
    assert Desk().refusal(size=size, row=row) is reason


def test_rule_16_a_percentage_is_capped_by_buying_power() -> None:
    desk = Desk()
    desk.broker.hold("MSFT", D(600))
    assert desk.entry(size=of_equity(50)).quantity == 400


def test_rule_16_a_reversal_may_use_what_the_old_position_binds() -> None:
    desk = Desk()
    desk.broker.hold("AAPL", D(-600))
    assert desk.entry(size=of_equity(50), kind=TradeType.REVERSE).quantity == 500


def test_rule_16_a_size_by_risk_is_what_the_stop_may_lose() -> None:
    stopped = an_alert(stop_loss=percent_away(2))
    assert Desk().entry(stopped, risk(100)).quantity == 50
    of_row = a_strategy(position_size=D(100), sizing_type=Sizing.RISK, stop_loss=level_at(95))
    assert Desk().entry(row=of_row).quantity == 20
    assert Desk().entry(stopped, risk(100), side=Side.SELL).quantity == 50


def test_rule_16_a_size_by_risk_is_capped_by_buying_power() -> None:
    desk = Desk()
    desk.broker.hold("MSFT", D(600))
    assert desk.entry(an_alert(stop_loss=percent_away(2)), risk(10**6)).quantity == 400


def test_rule_16_a_percent_stop_of_a_limit_entry_refers_to_its_limit() -> None:
    limit = an_alert(order_type=OrderType.LIMIT, limit_price=D(50), stop_loss=percent_away(2))
    assert Desk().entry(limit, risk(100)).quantity == 100


def test_rule_16_a_stop_nearer_than_two_ticks_sizes_nothing() -> None:
    near = an_alert(stop_loss=points_away("0.01"))
    assert Desk().refusal(near, risk(100)) is Denial.IMPLAUSIBLE_STOP
    assert Desk().entry(near, units(1)).quantity == 1


def test_a_quantity_beside_the_lot_is_denied_and_money_is_floored_to_lots() -> None:
    future = an_instrument(lot=D(75))
    assert Desk().refusal(size=units(100), instrument=future) is Denial.WRONG_LOT
    assert Desk().entry(size=cash(20_000), instrument=future).quantity == 150
    assert Desk().entry(size=lots(2), instrument=future).quantity == 150


def test_money_is_asked_for_only_when_the_size_depends_on_it() -> None:
    desk = Desk()
    desk.broker.fail("balance", BrokerUnavailable("down"))
    assert desk.entry(size=cash(500)).quantity == 5


@given(st.decimals(1, 10**6, places=2), st.decimals("0.01", 5000, places=2))
def test_an_entry_in_money_never_costs_more_than_its_budget(
    budget: Decimal, price: Decimal
) -> None:
    plan = Desk(price=str(price)).plan(size=cash(budget), instrument=FRACTIONS)
    assert isinstance(plan.entry, Denied) or (plan.budget or 0) <= budget


# --- whole units ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("can", "alert", "row", "quantity"),
    [
        (EVERYTHING, an_alert(**TWO_TO_ONE), None, "2.5"),
        (WHOLE_BRACKETS, an_alert(), None, "2.5"),
        (WHOLE_BRACKETS, an_alert(stop_loss=percent_away(2)), None, "2"),
        (WHOLE_BRACKETS, an_alert(take_profit=percent_away(2)), None, "2"),
        (WHOLE_BRACKETS, an_alert(), a_strategy(stop_loss=percent_away(2)), "2"),
        (capabilities(fractional=False), an_alert(), None, "2"),
    ],
)
def test_rule_34_where_no_fraction_can_be_protected_a_protected_entry_is_whole(
    can: Capabilities, alert: Alert, row: Strategy | None, quantity: str
) -> None:
    entry = Desk(can).entry(alert, cash(250), instrument=FRACTIONS, row=row)
    assert entry.quantity == D(quantity)


def test_rule_34_less_than_one_whole_share_is_too_small() -> None:
    alert = an_alert(stop_loss=percent_away(2))
    for budget in (cash(99), cash("0.01")):
        denied = Desk(WHOLE_BRACKETS).refusal(alert, budget, instrument=FRACTIONS)
        assert denied is Denial.TOO_SMALL


WHOLE_SHORTS = capabilities(fractional_shorts=False)
AT_THE_MARKET = capabilities(fractional_types=frozenset({OrderType.MARKET}))
A_STOP = an_alert(order_type=OrderType.STOP, stop_price=D(100))


@pytest.mark.parametrize(
    ("can", "side", "alert", "quantity"),
    [
        (WHOLE_SHORTS, Side.SELL, an_alert(), "2"),
        (WHOLE_SHORTS, Side.BUY, an_alert(), "2.5"),
        (AT_THE_MARKET, Side.BUY, an_alert(), "2.5"),
        (AT_THE_MARKET, Side.BUY, A_STOP, "2"),
    ],
)
def test_rule_34_what_cannot_be_traded_in_parts_is_whole(
    can: Capabilities, side: Side, alert: Alert, quantity: str
) -> None:
    entry = Desk(can).entry(alert, cash(250), instrument=FRACTIONS, side=side)
    assert entry.quantity == D(quantity)


BY_WORTH = capabilities(notional=True)


def test_a_plain_purchase_goes_by_its_worth_where_the_broker_takes_it_so() -> None:
    entry = Desk(BY_WORTH).entry(size=cash("250.129"), instrument=FRACTIONS)
    assert (entry.notional, entry.quantity) == (D("250.12"), D("2.501"))

    row = a_strategy(position_size=D(500))
    assert Desk(BY_WORTH).entry(instrument=FRACTIONS, row=row).notional == D(500)


BY_QUANTITY: dict[str, dict[str, Any]] = {
    "the broker does not": {"can": EVERYTHING},
    "a sale": {"side": Side.SELL},
    "units": {"size": units(2)},
    "a share of the equity": {"size": of_equity(1)},
    "whole shares": {"instrument": an_instrument(step=D(1))},
    "a limit": {"alert": an_alert(order_type=OrderType.LIMIT, limit_price=D(99))},
    "for long": {"alert": an_alert(time_in_force="gtc")},
    "protected": {"alert": an_alert(stop_loss=percent_away(2))},
}


@pytest.mark.parametrize("case", BY_QUANTITY.values(), ids=BY_QUANTITY)
def test_everything_else_goes_by_its_quantity(case: dict[str, Any]) -> None:
    given_parts: dict[str, Any] = {"size": cash(250), "instrument": FRACTIONS, **case}
    desk = Desk(given_parts.pop("can", BY_WORTH))
    assert desk.entry(**given_parts).notional is None


# --- prices --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("order_type", "prices", "side", "limit", "stop"),
    [
        (OrderType.LIMIT, {"limit_price": D("99.999")}, Side.BUY, "99.99", None),
        (OrderType.LIMIT, {"limit_price": D("99.991")}, Side.SELL, "100.00", None),
        (OrderType.STOP, {"stop_price": D("99.991")}, Side.BUY, None, "100.00"),
        (OrderType.STOP, {"stop_price": D("99.999")}, Side.SELL, None, "99.99"),
        (
            OrderType.STOP_LIMIT,
            {"limit_price": D("101.005"), "stop_price": D("100.005")},
            Side.BUY,
            "101.00",
            "100.01",
        ),
        (OrderType.MARKET, {"limit_price": D(1), "stop_price": D(1)}, Side.BUY, None, None),
    ],
)
def test_prices_of_an_entry_go_onto_the_tick_by_its_side(
    order_type: OrderType, prices: dict[str, Any], side: Side, limit: str | None, stop: str | None
) -> None:
    entry = Desk().entry(an_alert(order_type=order_type, **prices), units(1), side=side)
    told = [
        None if price is None else str(price) for price in (entry.limit_price, entry.stop_price)
    ]
    assert (entry.order_type, told) == (order_type, [limit, stop])


@pytest.mark.parametrize(
    ("order_type", "prices"),
    [
        (OrderType.LIMIT, {}),
        (OrderType.STOP, {}),
        (OrderType.LIMIT, {"stop_price": D(99)}),
        (OrderType.STOP, {"limit_price": D(99)}),
        (OrderType.STOP_LIMIT, {"limit_price": D(99)}),
        (OrderType.STOP_LIMIT, {"stop_price": D(99)}),
        (OrderType.LIMIT, {"limit_price": D("0.004")}),
        (OrderType.LIMIT, {"limit_price": D(-1)}),
    ],
)
def test_rule_13_a_limit_or_stop_without_its_price_is_never_sent_as_market(
    order_type: OrderType, prices: dict[str, Any]
) -> None:
    assert Desk().refusal(an_alert(order_type=order_type, **prices), units(1)) is Denial.NO_PRICE


def test_rule_13_a_stop_that_is_less_than_a_tick_is_no_price_even_beside_a_limit() -> None:
    alert = an_alert(order_type=OrderType.STOP_LIMIT, limit_price=D("0.01"), stop_price=D("0.005"))
    assert Desk().refusal(alert, units(1), side=Side.SELL) is Denial.NO_PRICE


def test_a_priced_order_is_sized_at_its_own_price_without_a_quote() -> None:
    desk = Desk(price=None)
    limit = an_alert(order_type=OrderType.LIMIT, limit_price=D(50))
    stop = an_alert(order_type=OrderType.STOP, stop_price=D(25))
    assert [desk.entry(alert, cash(100)).quantity for alert in (limit, stop)] == [2, 4]


def test_a_market_order_in_money_without_a_quote_is_denied() -> None:
    assert Desk(price=None).refusal(size=cash(100)) is Denial.NO_QUOTE


def test_a_market_order_in_units_needs_no_quote_unless_the_broker_lives_on_ours() -> None:
    assert Desk(price=None).entry(size=units(1)).quantity == 1
    assert Desk(capabilities(takes_quotes=True), None).refusal(size=units(1)) is Denial.NO_QUOTE


def test_an_order_type_that_the_broker_does_not_know_is_denied() -> None:
    desk = Desk(capabilities(order_types=frozenset({OrderType.MARKET})))
    alert = an_alert(order_type=OrderType.TRAILING_STOP, trail=points_away(1))
    assert desk.refusal(alert, units(1)) is Denial.UNSUPPORTED_ORDER_TYPE


@pytest.mark.parametrize(
    ("trail", "distance"),
    [(points_away("1.5"), "1.5"), (percent_away(2), "2"), (points_away("0.001"), "0.01")],
)
def test_an_entry_may_trail_the_price_by_whole_ticks(trail: Level, distance: str) -> None:
    alert = an_alert(order_type=OrderType.TRAILING_STOP, trail=trail, take_profit=percent_away(9))
    entry = Desk().entry(alert, units(1))
    assert (entry.order_type, entry.trail) == (OrderType.TRAILING_STOP, D(distance))
    assert entry.stop_loss is None


@pytest.mark.parametrize(
    ("trail", "price", "reason"),
    [
        (None, "100", Denial.NO_PRICE),
        (level_at(5), "100", Denial.NO_PRICE),
        (points_away(1), None, Denial.NO_QUOTE),
    ],
)
def test_an_entry_that_trails_needs_a_distance_and_a_quote(
    trail: Level | None, price: str | None, reason: Denial
) -> None:
    alert = an_alert(order_type=OrderType.TRAILING_STOP, trail=trail)
    assert Desk(price=price).refusal(alert, units(1)) is reason


# --- protection ----------------------------------------------------------------------------------


@pytest.mark.parametrize("level", [percent_away(2), points_away("1.5"), level_at(95)])
def test_levels_go_with_the_entry_as_they_were_given(level: Level) -> None:
    entry = Desk().entry(an_alert(stop_loss=level), units(1))
    assert entry.stop_loss is not None
    assert (entry.stop_loss.level, entry.take_profit) == (level, None)


def test_the_alerts_levels_win_over_the_rows_one_by_one() -> None:
    row = a_strategy(stop_loss=percent_away(9), take_profit=percent_away(9))
    entry = Desk().entry(an_alert(stop_loss=percent_away(2)), units(1), row=row)
    assert [leg.level for _, leg in entry.legs] == [percent_away(2), percent_away(9)]


@pytest.mark.parametrize(
    ("levels", "side"),
    [
        ({"stop_loss": level_at(101)}, Side.BUY),
        ({"stop_loss": level_at(99)}, Side.SELL),
        ({"take_profit": level_at(99)}, Side.BUY),
        ({"stop_loss": percent_away(100)}, Side.BUY),
        ({"stop_loss": points_away(100)}, Side.BUY),
    ],
)
def test_rule_30_a_level_on_the_wrong_side_of_the_entry_is_denied(
    levels: dict[str, Any], side: Side
) -> None:
    assert Desk().refusal(an_alert(**levels), units(1), side=side) is Denial.IMPLAUSIBLE_STOP


def test_levels_of_a_limit_entry_are_judged_against_its_limit() -> None:
    alert = an_alert(order_type=OrderType.LIMIT, limit_price=D(90), stop_loss=level_at(95))
    assert Desk().refusal(alert, units(1)) is Denial.IMPLAUSIBLE_STOP


def test_without_any_price_levels_are_left_for_the_broker_to_judge() -> None:
    entry = Desk(price=None).entry(an_alert(stop_loss=level_at(500)), units(1))
    assert entry.stop_loss is not None


@pytest.mark.parametrize(
    "asked",
    [
        {"trail": percent_away(2), "stop_loss": percent_away(5)},
        {"trail": level_at(95)},
        {"unsupported": ("breakeven_after",)},
        {"stop_loss": level_at(95, "trailing_stop")},
        {"stop_loss": level_at(95, "stop_limit")},
        {"take_profit": level_at(105, "trailing_stop")},
        {"take_profit": level_at(105, "stop")},
    ],
)
def test_protection_that_is_not_supported_denies_the_entry(asked: dict[str, Any]) -> None:
    assert Desk().refusal(an_alert(**asked), units(1)) is Denial.UNSUPPORTED_PROTECTION


@pytest.mark.parametrize("trail", [percent_away(2), points_away("1.5")])
def test_a_trail_is_a_stop_that_follows_and_wins_over_the_rows_stop(trail: Level) -> None:
    row = a_strategy(stop_loss=percent_away(9))
    entry = Desk().entry(an_alert(trail=trail), units(1), row=row)
    assert entry.stop_loss is not None
    assert entry.stop_loss.level == replace(trail, type="trailing_stop")
    assert entry.time_in_force == "gtc"


@pytest.mark.parametrize("kind", ["stop_limit", "trailing_stop"])
def test_a_kind_of_stop_that_the_broker_does_not_have_is_denied(kind: str) -> None:
    stop = Level(LevelKind.OFFSET, D(5), kind, D(94) if kind == "stop_limit" else None)
    assert Desk().entry(an_alert(stop_loss=stop), units(1)).stop_loss is not None
    plain = capabilities(stop_types=frozenset({OrderType.STOP}))
    assert Desk(plain).refusal(an_alert(stop_loss=stop), units(1)) is Denial.UNSUPPORTED_PROTECTION


@pytest.mark.parametrize(("side", "stop", "limit"), [(Side.BUY, 95, 96), (Side.SELL, 105, 104)])
def test_a_stop_limit_whose_limit_would_not_let_it_fill_is_denied(
    side: Side, stop: int, limit: int
) -> None:
    level = Level(LevelKind.PRICE, D(stop), "stop_limit", D(limit))
    refusal = Desk().refusal(an_alert(stop_loss=level), units(1), side=side)
    assert refusal is Denial.IMPLAUSIBLE_STOP


def test_rule_32_an_entry_of_a_type_without_brackets_is_protected_by_us() -> None:
    market_only = capabilities(bracket_entries=frozenset({OrderType.MARKET}))
    limit = an_alert(order_type=OrderType.LIMIT, limit_price=D(99), **TWO_TO_ONE)
    entry = Desk(market_only).entry(limit, units(1))
    assert entry.legs == ()
    assert entry.guard == Desk().entry(limit, units(1)).protection
    assert entry.time_in_force == "day", "nothing goes with it that would lapse too (35)"


def test_protection_where_no_stop_can_be_placed_is_denied() -> None:
    nothing = capabilities(bracket_entries=frozenset(), stop_types=frozenset())
    limit = an_alert(order_type=OrderType.LIMIT, limit_price=D(99), stop_loss=percent_away(2))
    assert Desk(nothing).refusal(limit, units(1)) is Denial.UNSUPPORTED_PROTECTION
    assert Desk(nothing).entry(replace(limit, stop_loss=None), units(1)).guard is None


@pytest.mark.parametrize(
    ("alert", "instrument", "lasts"),
    [
        (an_alert(), an_instrument(), "day"),
        (an_alert(stop_loss=percent_away(2)), an_instrument(), "gtc"),
        (an_alert(take_profit=percent_away(2)), an_instrument(), "gtc"),
        (an_alert(), COIN, "gtc"),
        (an_alert(time_in_force="ioc"), an_instrument(), "ioc"),
        (an_alert(time_in_force="day", **TWO_TO_ONE), an_instrument(), "day"),
    ],
)
def test_rule_35_plain_entries_last_a_day_and_brackets_and_crypto_until_canceled(
    alert: Alert, instrument: Instrument, lasts: str
) -> None:
    assert Desk().entry(alert, units(1), instrument=instrument).time_in_force == lasts


def test_a_life_that_the_broker_does_not_know_is_denied() -> None:
    alert = an_alert(time_in_force="opg")
    assert Desk().refusal(alert, units(1)) is Denial.UNSUPPORTED_TIME_IN_FORCE


CLOSE = datetime(2026, 11, 25, 21, 0, tzinfo=UTC)


def close_of_the_day(order: Order) -> datetime:
    assert order.instrument.symbol == "AAPL"
    return CLOSE


@pytest.mark.parametrize(
    ("alert", "ends"),
    [
        (an_alert(), CLOSE),
        (an_alert(time_in_force="day", **TWO_TO_ONE), CLOSE),
        (an_alert(time_in_force="gtc"), None),
        (an_alert(**TWO_TO_ONE), None),
        (an_alert(expires_at=CLOSE - timedelta(hours=1)), CLOSE - timedelta(hours=1)),
        (an_alert(expires_at=CLOSE + timedelta(hours=1)), CLOSE),
        (an_alert(time_in_force="gtc", expires_at=CLOSE), CLOSE),
    ],
)
def test_an_entry_ends_with_its_day_or_at_the_time_that_the_alert_gives(
    alert: Alert, ends: datetime | None
) -> None:
    assert Desk().entry(alert, units(1), day_end=close_of_the_day).expires_at == ends


def test_without_a_calendar_a_day_never_ends() -> None:
    assert Desk().entry(size=units(1)).expires_at is None


# --- what cannot be entered at all ---------------------------------------------------------------


@pytest.mark.parametrize("field", ["stop_loss", "take_profit", "quantity", "price"])
def test_rule_14_an_entry_with_an_unrendered_field_is_denied_and_never_takes_a_default(
    field: str,
) -> None:
    alert = an_alert(unusable=frozenset({field}))
    assert Desk().refusal(alert, row=a_strategy(**TWO_TO_ONE)) is Denial.UNRENDERED_FIELD


def test_a_side_that_the_row_does_not_allow_is_denied() -> None:
    row = a_strategy(sides=Sides.LONG)
    assert Desk().refusal(size=units(1), side=Side.SELL, row=row) is Denial.SIDE_NOT_ALLOWED
    assert Desk().entry(size=units(1), side=Side.BUY, row=row).side is Side.BUY


@pytest.mark.parametrize(
    ("instrument", "reason"),
    [(COIN, Denial.CRYPTO_SHORT), (an_instrument(), Denial.NOT_SHORTABLE)],
)
def test_what_the_broker_cannot_sell_short_is_denied(
    instrument: Instrument, reason: Denial
) -> None:
    desk = Desk(capabilities(short_asset_classes=frozenset()))
    assert desk.refusal(size=units(1), side=Side.SELL, instrument=instrument) is reason
    assert desk.entry(size=units(1), side=Side.BUY, instrument=instrument).side is Side.BUY


def test_an_instrument_that_cannot_be_borrowed_is_not_sold_short() -> None:
    hard = an_instrument(shortable=False)
    assert Desk().refusal(size=units(1), side=Side.SELL, instrument=hard) is Denial.NOT_SHORTABLE


def test_what_a_class_apart_cannot_do_is_denied_for_that_class_only() -> None:
    coins = capabilities(order_types=frozenset({OrderType.MARKET}))
    desk = Desk(capabilities(apart={AssetClass.CRYPTO: coins}))
    alert = an_alert(order_type=OrderType.STOP, stop_price=Decimal(110))
    assert desk.refusal(alert, units(1), instrument=COIN) is Denial.UNSUPPORTED_ORDER_TYPE
    assert desk.entry(alert, units(1)).order_type is OrderType.STOP


def test_an_asset_class_that_is_not_traded_there_is_denied() -> None:
    stocks_only = capabilities(asset_classes=frozenset({AssetClass.EQUITY}))
    assert Desk(stocks_only).refusal(size=units(1), instrument=COIN) is Denial.UNKNOWN_SYMBOL


# --- a reversal -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "alert",
    [
        an_alert(unusable=frozenset({"stop_loss"})),
        an_alert(trail=level_at(1)),
        an_alert(order_type=OrderType.LIMIT),
        an_alert(stop_loss=level_at(500)),
    ],
)
def test_whatever_forbids_the_entry_of_a_reversal_leaves_its_close(alert: Alert) -> None:
    plan = Desk().plan(alert, units(10), TradeType.REVERSE)
    assert isinstance(plan.entry, Denied)
    assert plan.signal.reduce == ALL


# --- options -------------------------------------------------------------------------------------


def levels_of(entry: OrderIntent) -> tuple[Level | None, Level | None]:
    return entry.protection.stop_loss, entry.protection.take_profit


@pytest.mark.parametrize(
    ("alert", "row", "levels"),
    [
        ({}, None, (percent_away(15), percent_away(25))),
        ({"stop_loss": percent_away(5)}, None, (percent_away(5), percent_away(25))),
        ({"stop_loss": level_at(80)}, None, (level_at(80), percent_away(25))),
        ({}, a_strategy(take_profit=percent_away(50)), (percent_away(15), percent_away(50))),
    ],
)
@pytest.mark.parametrize("side", Side)
def test_rule_30_an_option_has_the_usual_levels_where_none_are_given(
    alert: dict[str, Any], row: Strategy | None, levels: tuple[Level, Level], side: Side
) -> None:
    if side is Side.SELL and "stop_loss" in alert and alert["stop_loss"].kind is LevelKind.PRICE:
        alert = {"stop_loss": level_at(120)}
        levels = (level_at(120), levels[1])
    entry = Desk().entry(an_alert(**alert), lots(1), side=side, row=row, instrument=CALL)
    assert levels_of(entry) == levels


def test_rule_30_what_is_no_option_has_none() -> None:
    future = replace(CALL, asset_class=AssetClass.FUTURE)
    american = replace(CALL, symbol="AAPL261218C00200000")
    for instrument in (future, american):
        assert levels_of(Desk().entry(size=lots(1), instrument=instrument)) == (None, None)


def test_rule_30_a_trail_takes_the_place_of_the_usual_stop() -> None:
    entry = Desk().entry(an_alert(trail=percent_away(5)), lots(1), instrument=CALL)
    assert levels_of(entry) == (Level(LevelKind.PERCENT, D(5), "trailing_stop"), percent_away(25))


def test_an_option_without_any_size_is_one_lot_and_a_future_is_denied() -> None:
    assert Desk().entry(instrument=CALL).quantity == 65
    future = replace(CALL, asset_class=AssetClass.FUTURE)
    assert Desk().refusal(instrument=future) is Denial.NO_SIZE


@pytest.mark.parametrize(
    ("size", "quantity"),
    [(lots(2), 130), (cash(20_000), 195), (of_equity(10), 65), (risk(2_000), 130)],
)
def test_rule_16_sizes_are_whole_lots_of_the_premium(size: Amount, quantity: int) -> None:
    assert Desk().entry(size=size, instrument=CALL).quantity == quantity


def test_rule_29_an_option_is_not_written_without_a_stop() -> None:
    desk = Desk()
    signal = Signal(asset_class=AssetClass.OPTION, trade_type=TradeType.ENTRY, side=Side.SELL)
    order = Order(
        alert_id=ALERT_ID,
        alert=an_alert(take_profit=percent_away(25)),
        signal=signal,
        instrument=CALL,
        account=Account("paper", desk.broker),
        strategy=None,
    )
    entry = OrderEngine().plan(order).entry
    assert isinstance(entry, Denied)
    assert entry.reason is Denial.NAKED_OPTION


def test_rule_30_a_price_needs_a_premium_to_be_held_against() -> None:
    alert = an_alert(stop_loss=level_at(85))
    assert Desk(price=None).refusal(alert, lots(1), instrument=CALL) is Denial.NO_QUOTE
    assert Desk(price=None).entry(size=lots(1), instrument=CALL).quantity == 65
