"""Trading-rules 28 to 30 in the whole engine: which contract, which side, which levels."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from app.domain.decision import Denial, Denied
from app.domain.instrument import Instrument
from app.domain.order import OrderRole, Side
from app.domain.strategy import AfterStop, Strategy
from tests.fakes.broker import REPLY_LOST, REST, FakeBroker, late
from tests.integration.nse import CALL, EXPIRY, FRONT, PUT, future, option
from tests.integration.test_crash_points import TAG_ONLY
from tests.integration.world import World, fake


@pytest.fixture
def nse(tmp_path: Path) -> World:
    """At a broker that has options of NIFTY at 100, the money at 26000, and two futures."""
    world = World(tmp_path)
    world.broker = FakeBroker(clock=world.clock)
    world.settings["SESSION_POLICY"] = "always"
    world.boot()
    at_the_money(world, 26000)
    front(world, future("NOV"))
    return world


def at_the_money(world: World, strike: int) -> None:
    """The price moves: from now on this strike is at the money."""
    contracts = fake(world).contracts
    for kind in ("CE", "PE"):
        contracts[f"NIFTY WEEKLY {strike} {kind}"] = option(strike, kind)
        contracts[f"NIFTY WEEKLY ATM {kind}"] = option(strike, kind)


def front(world: World, contract: Instrument) -> None:
    """The front month is this one; the others are still there."""
    contracts = fake(world).contracts
    contracts[contract.symbol] = contract
    contracts["NIFTY +0 future"] = contract


def freeze(world: World, units: int) -> None:
    """So many units of each contract are the most that the exchange takes at once."""
    contracts = fake(world).contracts
    for name, each in contracts.items():
        if isinstance(each, Instrument):
            contracts[name] = replace(each, freeze=Decimal(units))


def ended(world: World, **fields: object) -> tuple[str, str]:
    """What becomes of an alert: its status and its reason."""
    receipt = world.send(**fields, timenow=world.clock.now().isoformat())
    world.run(seconds=3)
    outcome = world.record(receipt.alert_id).outcome
    return outcome.status.value, outcome.reason


def held(world: World) -> dict[str, Decimal]:
    return {name.removeprefix("NSE:"): many for name, many in world.broker_position().items()}


def asked(world: World) -> int:
    """How often a contract was chosen."""
    return sum(name == "contract" for name, _ in fake(world).calls)


# --- rule 28 -------------------------------------------------------------------------------------


def test_rule_28_an_exit_closes_the_held_contract_after_the_money_moved(nse: World) -> None:
    assert ended(nse, action="BUY", **CALL) == ("success", "")
    at_the_money(nse, 26100)
    assert ended(nse, action="SELL", **CALL) == ("success", "")
    assert held(nse) == {}
    assert asked(nse) == 1


@pytest.mark.parametrize(
    "words",
    [
        {"action": "close", **CALL},
        {"action": "close", "symbol": "NIFTY", "optionType": "CE"},
        {"action": "sell", **CALL, "market_position": "flat"},
        {"action": "sell", **CALL, "strike": 26300, "expiry": "2026-12-29"},
    ],
    ids=["close", "without strike", "flat", "another strike"],
)
def test_rule_28_every_exit_is_about_what_is_held(nse: World, words: dict[str, object]) -> None:
    ended(nse, action="BUY", **CALL)
    assert ended(nse, **words) == ("success", "")
    assert held(nse) == {}


def test_rule_28_an_exit_needs_no_list_of_contracts(nse: World) -> None:
    ended(nse, action="BUY", **CALL)
    stale = Denied(Denial.SYMBOLS_STALE, "the list is of yesterday")
    fake(nse).contracts["NIFTY WEEKLY ATM CE"] = stale
    assert ended(nse, action="BUY", **CALL)[1] == "ALREADY_LONG"
    assert ended(nse, action="SELL", **CALL) == ("success", "")
    assert ended(nse, action="BUY", **CALL) == ("denied", "SYMBOLS_STALE")


def test_rule_28_calls_and_puts_are_apart(nse: World) -> None:
    ended(nse, action="BUY", **CALL)
    ended(nse, action="BUY", **PUT)
    assert ended(nse, action="close", **CALL) == ("success", "")
    assert held(nse) == {"NIFTY26D0126000PE": 65}


def test_rule_28_so_are_strategies(nse: World) -> None:
    ended(nse, action="BUY", **CALL, strategy="one")
    at_the_money(nse, 26100)
    ended(nse, action="BUY", **CALL, strategy="two")
    assert ended(nse, action="SELL", **CALL, strategy="two") == ("success", "")
    assert held(nse) == {"NIFTY26D0126000CE": 65}
    assert ended(nse, action="close", **CALL) == ("success", "")
    assert held(nse) == {}


def test_rule_28_an_exit_takes_back_the_entry_that_rests(nse: World) -> None:
    fake(nse).script.append(REST)
    limit = {"orderType": "limit", "limit_price": 90}
    nse.send(action="BUY", **CALL, **limit)
    nse.send(action="BUY", **PUT, **limit)
    assert ended(nse, action="close", **CALL) == ("info", "NO_POSITION")
    assert [order.symbol for order in fake(nse).working] == ["NSE:NIFTY26D0126000PE"]


def test_rule_28_the_lane_of_a_derivative_is_its_underlying(nse: World) -> None:
    for words in (CALL, PUT, FRONT, {**FRONT, "symbol": "NFO:NIFTY26D0126000CE"}):
        nse.send(action="BUY", **words)
    lanes = {(row["lane"], row["part"]) for row in nse.rows("SELECT lane, part FROM jobs")}
    assert lanes == {("fake:NIFTY", part) for part in ("CE", "PE", "FUT")}


def test_rule_28_a_future_is_closed_after_the_roll(nse: World) -> None:
    assert ended(nse, action="BUY", **FRONT) == ("success", "")
    front(nse, future("DEC", EXPIRY + timedelta(days=35)))
    assert ended(nse, action="close", **FRONT) == ("success", "")
    assert held(nse) == {}


def test_rule_28_a_future_is_turned_into_the_month_of_today(nse: World) -> None:
    ended(nse, action="BUY", **FRONT)
    front(nse, future("DEC", EXPIRY + timedelta(days=35)))
    assert ended(nse, action="SELL", **FRONT) == ("success", "")
    assert held(nse) == {"NIFTY26DECFUT": -65}


def test_rule_28_protection_is_that_of_the_contract(nse: World) -> None:
    ended(nse, action="BUY", **CALL)
    legs = {(leg.symbol, leg.stop_price, leg.limit_price) for leg in fake(nse).working}
    name = "NSE:NIFTY26D0126000CE"
    assert legs == {(name, Decimal(85), None), (name, None, Decimal(125))}


def test_rule_7_the_late_exit_of_a_stopped_option_writes_nothing(nse: World) -> None:
    ended(nse, action="BUY", **CALL)
    stop = next(leg for leg in fake(nse).working if leg.stop_price is not None)
    fake(nse).fill(stop.client_order_id)
    nse.run(seconds=15)
    at_the_money(nse, 25900)
    assert ended(nse, action="SELL", **CALL) == ("skipped", "STOPPED_OUT")
    assert held(nse) == {}


def test_rule_7_a_new_option_makes_an_end_of_it(nse: World) -> None:
    ended(nse, action="BUY", **CALL)
    stop = next(leg for leg in fake(nse).working if leg.stop_price is not None)
    fake(nse).fill(stop.client_order_id)
    nse.run(seconds=15)
    at_the_money(nse, 25900)
    for action in ("BUY", "SELL", "SELL"):
        assert ended(nse, action=action, **CALL) == ("success", "")
    assert held(nse) == {"NIFTY26D0125900CE": -65}


# --- rule 29 -------------------------------------------------------------------------------------


def test_rule_29_a_sell_without_a_position_writes(nse: World) -> None:
    assert ended(nse, action="SELL", **CALL) == ("success", "")
    assert held(nse) == {"NIFTY26D0126000CE": -65}
    legs = {(leg.side, leg.stop_price, leg.limit_price) for leg in fake(nse).working}
    assert legs == {(Side.BUY, Decimal(115), None), (Side.BUY, None, Decimal(75))}


def test_rule_29_a_buy_covers_what_was_written(nse: World) -> None:
    ended(nse, action="SELL", **CALL)
    assert ended(nse, action="BUY", **CALL) == ("success", "")
    assert held(nse) == {}


def test_rule_29_a_sell_never_writes_beyond_what_is_held(nse: World) -> None:
    ended(nse, action="BUY", **CALL)
    assert ended(nse, action="SELL", **{**CALL, "qty": 130, "market_position": "short"})[0] == (
        "success"
    )
    assert held(nse) == {}


def test_rule_29_nothing_is_written_without_a_stop(tmp_path: Path) -> None:
    world = World(tmp_path, settings={"OPTION_STOP_PERCENT": "none"})
    world.broker = FakeBroker(clock=world.clock)
    world.boot()
    at_the_money(world, 26000)
    assert ended(world, action="SELL", **CALL) == ("denied", "NAKED_OPTION")
    assert ended(world, action="BUY", **CALL) == ("success", "")
    assert ended(world, action="SELL", **CALL) == ("success", "")
    assert ended(world, action="SELL", **CALL, sl="20%") == ("success", "")


# --- rule 30 -------------------------------------------------------------------------------------


def test_rule_30_the_price_of_the_chart_is_not_the_premium(nse: World) -> None:
    assert ended(nse, action="BUY", **CALL, price=26012.5) == ("success", "")
    stop = next(leg for leg in fake(nse).working if leg.stop_price is not None)
    assert stop.stop_price == 85
    assert ended(nse, action="BUY", **PUT, price=26012.5, orderType="limit") == (
        "denied",
        "NO_PRICE",
    )


@pytest.mark.parametrize("levels", [{"sl": 25900}, {"sl": 9}, {"tp": 26500}, {"sl": 101}])
def test_rule_30_a_level_of_the_underlying_is_implausible(
    nse: World, levels: dict[str, object]
) -> None:
    fake(nse).prices["NSE:NIFTY26D0126000CE"] = Decimal(100)
    assert ended(nse, action="BUY", **CALL, **levels) == ("denied", "IMPLAUSIBLE_STOP")


def test_rule_30_levels_in_price_need_a_premium(nse: World) -> None:
    assert ended(nse, action="BUY", **CALL, sl=85) == ("denied", "NO_QUOTE")


def test_rule_30_the_alert_and_its_row_come_before_the_usual_levels(nse: World) -> None:
    row = Strategy(symbol="NIFTY", stop_loss=None)
    nse.server.services.playbook.put(row)
    ended(nse, action="BUY", **CALL, sl="10%")
    prices = {(leg.stop_price, leg.limit_price) for leg in fake(nse).working}
    assert prices == {(Decimal(90), None), (None, Decimal(125))}


def test_rule_30_futures_and_shares_have_no_usual_levels(nse: World) -> None:
    ended(nse, action="BUY", **FRONT)
    ended(nse, action="BUY", symbol="SBIN", quantity=5)
    assert not fake(nse).working


# --- lots ----------------------------------------------------------------------------------------


def test_an_option_without_a_size_is_one_lot(nse: World) -> None:
    ended(nse, action="BUY", **{**CALL, "qty": ""})
    assert held(nse) == {"NIFTY26D0126000CE": 65}


def test_quantities_are_units_unless_they_say_lots(nse: World) -> None:
    ended(nse, action="BUY", **{**CALL, "qty": 2, "quantity_type": "lots"})
    assert held(nse) == {"NIFTY26D0126000CE": 130}


def test_a_wrong_multiple_is_denied_with_the_lot_and_the_nearest(nse: World) -> None:
    receipt = nse.send(action="BUY", **{**CALL, "qty": 100})
    outcome = nse.record(receipt.alert_id).outcome
    assert outcome.reason == "WRONG_LOT"
    assert "lot of 65; the nearest: 65 or 130" in outcome.detail


@pytest.mark.parametrize(("more", "reason"), [(65, ""), (130, "LIMIT_QUANTITY")])
def test_no_more_is_entered_than_one_close_can_end(nse: World, more: int, reason: str) -> None:
    freeze(nse, 150)
    nse.server.services.playbook.put(Strategy(symbol="NIFTY", pyramiding=True))
    ended(nse, action="BUY", **{**CALL, "qty": 1235})
    receipt = nse.send(action="BUY", **{**CALL, "qty": more})
    nse.run(seconds=3)
    outcome = nse.record(receipt.alert_id).outcome
    assert outcome.reason == reason
    assert not reason or "more than 10 orders of 130 units hold: at most 1300" in outcome.detail
    assert ended(nse, action="CLOSE", **{**CALL, "qty": ""})[0] == "success"
    assert held(nse) == {}


def test_rule_10_an_exit_of_less_than_a_lot_names_the_lot(nse: World) -> None:
    ended(nse, action="BUY", **CALL)
    receipt = nse.send(action="SELL", **{**CALL, "qty": 25})
    outcome = nse.record(receipt.alert_id).outcome
    assert (outcome.reason, "one lot of 65" in outcome.detail) == ("TOO_SMALL", True)


# --- rule 27 -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("minutes", "reason"), [(61, ""), (60, "NEAR_EXPIRY")])
def test_rule_27_nothing_is_entered_in_the_last_hour(nse: World, minutes: int, reason: str) -> None:
    nse.clock.jump(EXPIRY - timedelta(minutes=minutes) - nse.clock.now())
    assert ended(nse, action="BUY", **CALL)[1] == reason


def test_rule_27_what_is_delivered_counts_a_session_earlier(nse: World) -> None:
    fake(nse).contracts["NIFTY WEEKLY ATM CE"] = option(26000, delivered=True)
    nse.clock.jump(EXPIRY - timedelta(days=1, minutes=60) - nse.clock.now())
    assert ended(nse, action="BUY", **CALL)[1] == "NEAR_EXPIRY"


def test_rule_27_an_exit_goes_at_any_time(nse: World) -> None:
    ended(nse, action="BUY", **CALL)
    nse.clock.jump(EXPIRY - timedelta(minutes=5) - nse.clock.now())
    assert ended(nse, action="SELL", **CALL) == ("success", "")


# --- a job that is taken up again ----------------------------------------------------------------


def test_a_resumed_job_does_not_choose_again(nse: World) -> None:
    fake(nse).script.append(REST)
    nse.send(action="BUY", **CALL)
    at_the_money(nse, 26100)
    nse.crash_and_boot()
    nse.run(seconds=3)
    (order,) = [order for order in nse.orders() if order.role is OrderRole.ENTRY]
    assert order.symbol == "NSE:NIFTY26D0126000CE"
    assert asked(nse) == 1


# --- limits --------------------------------------------------------------------------------------


def test_rule_3_a_missed_exit_keeps_all_of_the_underlying_out_until_it_is_flat(nse: World) -> None:
    ended(nse, action="BUY", **CALL)
    nse.clock.advance(timedelta(minutes=21))
    late = (nse.clock.now() - timedelta(minutes=20)).isoformat()
    nse.send(action="SELL", **CALL, timenow=late)
    at_the_money(nse, 26100)
    assert ended(nse, action="BUY", **PUT) == ("denied", "EXIT_MISSED")
    assert ended(nse, action="close", **CALL) == ("success", "")
    assert ended(nse, action="BUY", **PUT) == ("success", "")


def test_rule_30_a_collar_does_not_compare_the_chart_with_the_premium(tmp_path: Path) -> None:
    world = World(tmp_path, settings={"PRICE_COLLAR_PERCENT": "2"})
    world.broker = FakeBroker(clock=world.clock)
    world.boot()
    at_the_money(world, 26000)
    fake(world).prices["NSE:NIFTY26D0126000CE"] = Decimal(100)
    assert ended(world, action="BUY", **CALL, price=26012.5) == ("success", "")


def test_rule_16_a_limit_on_money_counts_the_premium_of_all_units(tmp_path: Path) -> None:
    world = World(tmp_path, settings={"MAX_ORDER_NOTIONAL": "6500"})
    world.broker = FakeBroker(clock=world.clock)
    world.boot()
    at_the_money(world, 26000)
    fake(world).prices["NSE:NIFTY26D0126000CE"] = Decimal(100)
    assert ended(world, action="BUY", **CALL) == ("success", "")
    assert ended(world, action="BUY", **{**PUT, "qty": 130})[1] == "LIMIT_NOTIONAL"


def stop_out(world: World) -> None:
    """The stop of what is held is reached; then the price has moved on."""
    stop = next(leg for leg in fake(world).working if leg.stop_price is not None)
    fake(world).fill(stop.client_order_id)
    world.run(seconds=15)
    at_the_money(world, 25900)


def test_rule_7_a_close_after_the_stop_is_that_exit(nse: World) -> None:
    ended(nse, action="BUY", **CALL)
    stop_out(nse)
    assert ended(nse, action="close", **CALL) == ("info", "NO_POSITION")
    assert ended(nse, action="SELL", **CALL) == ("success", "")
    assert held(nse) == {"NIFTY26D0125900CE": -65}


@pytest.mark.parametrize("by_row", [True, False])
def test_rule_7_what_is_written_after_a_stop_is_what_its_words_mean(
    nse: World, *, by_row: bool
) -> None:
    if by_row:
        row = Strategy(symbol="NIFTY", after_stop=AfterStop.TRADE)
        nse.server.services.playbook.put(row)
    ended(nse, action="BUY", **CALL)
    stop_out(nse)
    words = {} if by_row else {"market_position": "short"}
    assert ended(nse, action="SELL", **CALL, **words) == ("success", "")
    assert held(nse) == {"NIFTY26D0125900CE": -65}


def test_rule_28_what_expired_is_not_added_to(nse: World) -> None:
    ended(nse, action="BUY", **CALL)
    nse.clock.jump(EXPIRY + timedelta(minutes=1) - nse.clock.now())
    later = option(25900, expiry=EXPIRY + timedelta(days=7), symbol="NSE:NIFTY26D0825900CE")
    fake(nse).contracts["NIFTY WEEKLY ATM CE"] = replace(later, key=later.symbol)
    assert ended(nse, action="BUY", **CALL) == ("success", "")
    assert held(nse) == {"NIFTY26D0126000CE": 65, "NIFTY26D0825900CE": 65}


# --- entries in doubt ----------------------------------------------------------------------------


@pytest.fixture
def by_tags(tmp_path: Path) -> World:
    """The same where an order in doubt is looked up by a tag that shows late."""
    world = World(tmp_path)
    world.broker = FakeBroker(clock=world.clock, capabilities=TAG_ONLY)
    world.boot()
    at_the_money(world, 26000)
    return world


@pytest.mark.parametrize("looks", range(6))
def test_rule_22_an_exit_closes_an_entry_of_which_nobody_knew_that_it_had_filled(
    by_tags: World, looks: int
) -> None:
    nse = by_tags
    fake(nse).script.append(late(looks, then=REPLY_LOST))
    nse.send(action="BUY", **CALL)
    at_the_money(nse, 26100)
    receipt = nse.send(action="close", **CALL)
    nse.run(seconds=20)
    assert nse.record(receipt.alert_id).outcome.reason == ""
    assert held(nse) == {}
    assert nse.stakes() == {}


def test_rule_22_a_put_in_doubt_holds_up_no_exit_of_a_call(by_tags: World) -> None:
    nse = by_tags
    ended(nse, action="BUY", **CALL)
    fake(nse).script.append(late(1000, then=REPLY_LOST))
    nse.send(action="BUY", **PUT)
    assert nse.orders()[-1].part == "PE"
    for reason in ("", "NO_POSITION"):
        receipt = nse.send(action="close", **CALL, comment=reason)
        assert nse.record(receipt.alert_id).outcome.reason == reason
        assert nse.record(receipt.alert_id).status.final
