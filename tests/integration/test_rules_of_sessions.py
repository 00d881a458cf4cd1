"""Trading-rules 1 to 3, 21 to 23, 25 and 26 while a market is closed, through the whole engine.

2026-11-20 is a Friday. New York closes at 21:00 UTC; the next session is Monday from 14:30 UTC.
"""

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from pathlib import Path

import pytest

from app.domain.decision import Denied
from app.domain.errors import BrokerUnavailable
from app.domain.instrument import AssetClass
from app.domain.order import OrderIntent, OrderRole, OrderStatus, OrderType
from app.domain.outcome import AlertStatus
from app.domain.session import Day, Hours, SessionPolicy, SessionRules, WhenClosed
from app.domain.share import Share
from app.domain.strategy import Strategy
from app.web.alert_fields import parse_alert
from tests.fakes.broker import EVERYTHING, UNAVAILABLE, FakeBroker
from tests.fakes.clock import FakeClock
from tests.integration.world import World, fake

ENTRY: dict[str, object] = {"action": "buy", "symbol": "AAPL", "quantity": 10}
CLOSE: dict[str, object] = {"action": "close", "symbol": "AAPL"}
CRYPTO: dict[str, object] = {"action": "buy", "symbol": "BTC/USD", "quantity": 1}

EVENING = datetime(2026, 11, 20, 23, 0, tzinfo=UTC)
LAST_MINUTE = datetime(2026, 11, 20, 20, 59, 0, tzinfo=UTC)
OPEN = datetime(2026, 11, 23, 14, 30, tzinfo=UTC)
REGULAR = {"SESSION_POLICY": "regular"}


def world_at(folder: Path, now: datetime, *, paper: bool = False, **settings: str) -> World:
    world = World(folder, clock=FakeClock(now), settings={**REGULAR, **settings})
    if not paper:
        world.broker = FakeBroker(clock=world.clock)
    world.boot()
    return world


@pytest.fixture
def evening(tmp_path: Path) -> World:
    return world_at(tmp_path, EVENING)


@pytest.fixture
def queueing(tmp_path: Path) -> World:
    world = world_at(tmp_path, EVENING)
    put_row(world)
    return world


def put_row(world: World, **columns: object) -> None:
    row = Strategy(symbol="AAPL", when_closed=WhenClosed.QUEUE)
    world.server.services.playbook.put(replace(row, **columns))  # type: ignore[arg-type]  # columns of any type


def status(world: World, alert_id: str) -> tuple[AlertStatus, str]:
    record = world.record(alert_id)
    return record.status, record.outcome.reason


def let_open(world: World, after: float = 0) -> None:
    """So many seconds after the open, with a turn of the background."""
    world.clock.jump(OPEN - world.clock.now() + timedelta(seconds=after))
    world.run(seconds=1)


def test_rule_26_an_entry_is_denied_while_its_market_is_closed(evening: World) -> None:
    receipt = evening.send(**ENTRY)
    assert status(evening, receipt.alert_id) == (AlertStatus.DENIED, "MARKET_CLOSED")
    assert "2026-11-23 14:30 UTC" in evening.record(receipt.alert_id).outcome.detail


def test_rule_26_paper_trades_at_any_hour_unless_it_is_told_not_to(tmp_path: Path) -> None:
    world = world_at(tmp_path, EVENING, paper=True, SESSION_POLICY="")
    receipt = world.send(**ENTRY, price=100)
    assert world.record(receipt.alert_id).status is AlertStatus.SUCCESS


def test_rule_26_the_account_overrides_the_setting_and_the_row_both(tmp_path: Path) -> None:
    world = world_at(tmp_path, EVENING, paper=True, PAPER_SESSION_POLICY="always")
    one = world.send(**ENTRY, price=100)
    put_row(world, session_policy=SessionPolicy.REGULAR, when_closed=WhenClosed.DENY)
    two = world.send(action="add", symbol="AAPL", quantity=1, price=100)
    assert world.record(one.alert_id).status is AlertStatus.SUCCESS
    assert status(world, two.alert_id) == (AlertStatus.DENIED, "MARKET_CLOSED")


def test_rule_26_crypto_is_never_closed(evening: World) -> None:
    receipt = evening.send(**CRYPTO)
    assert evening.record(receipt.alert_id).status is AlertStatus.SUCCESS


def test_rule_26_the_indian_market_has_its_own_hours(tmp_path: Path) -> None:
    world = world_at(tmp_path, datetime(2026, 11, 20, 5, 0, tzinfo=UTC))
    indian = world.send(action="buy", symbol="NSE:SBIN", quantity=1)
    american = world.send(action="buy", symbol="NASDAQ:AAPL", quantity=1)
    assert world.record(indian.alert_id).status is AlertStatus.SUCCESS
    assert status(world, american.alert_id) == (AlertStatus.DENIED, "MARKET_CLOSED")


def test_rule_26_a_queued_entry_waits_for_the_open_and_shows_it(queueing: World) -> None:
    receipt = queueing.send(**ENTRY)
    record = queueing.record(receipt.alert_id)
    assert (record.status, record.outcome.reason) == (AlertStatus.WAITING, "MARKET_CLOSED")
    assert "2026-11-23 14:30 UTC" in record.outcome.detail
    assert queueing.events(receipt.alert_id) == ["received", "queued"]
    queueing.run(seconds=600, step=60)
    assert fake(queueing).orders_placed == 0
    let_open(queueing)
    assert status(queueing, receipt.alert_id) == (AlertStatus.SUCCESS, "")
    assert queueing.broker_position() == {"AAPL": Decimal(10)}


def test_rule_26_its_freshness_counts_from_the_open(queueing: World) -> None:
    receipt = queueing.send(**ENTRY)
    let_open(queueing, after=61)
    assert status(queueing, receipt.alert_id) == (AlertStatus.EXPIRED, "STALE")
    assert fake(queueing).orders_placed == 0


def test_rule_26_what_was_old_when_it_came_is_not_queued(queueing: World) -> None:
    old = (EVENING - timedelta(seconds=90)).isoformat()
    receipt = queueing.send(**ENTRY, timenow=old)
    assert status(queueing, receipt.alert_id) == (AlertStatus.EXPIRED, "STALE")


def test_rule_26_one_entry_waits_for_each_lane_and_the_latest_wins(queueing: World) -> None:
    first = queueing.send(**ENTRY)
    second = queueing.send(**{**ENTRY, "quantity": 3})
    assert status(queueing, first.alert_id) == (AlertStatus.SKIPPED, "REPLACED")
    assert queueing.events(first.alert_id)[-1] == "finished"
    let_open(queueing)
    assert queueing.record(second.alert_id).status is AlertStatus.SUCCESS
    assert queueing.broker_position() == {"AAPL": Decimal(3)}


def test_rule_26_the_alert_of_the_bar_that_closes_the_session_waits(tmp_path: Path) -> None:
    world = world_at(tmp_path, datetime(2026, 11, 20, 21, 0, 1, tzinfo=UTC))
    put_row(world)
    bar = datetime(2026, 11, 20, 14, 30, tzinfo=UTC).isoformat()
    receipt = world.send(**ENTRY, timeframe="D", time=bar)
    assert world.record(receipt.alert_id).status is AlertStatus.WAITING
    let_open(world)
    assert world.record(receipt.alert_id).status is AlertStatus.SUCCESS


def test_rule_26_a_queue_survives_a_crash_over_the_weekend(queueing: World) -> None:
    receipt = queueing.send(**ENTRY)
    queueing.clock.jump(OPEN - queueing.clock.now() + timedelta(seconds=5))
    queueing.crash_and_boot()
    queueing.run(seconds=1)
    assert queueing.record(receipt.alert_id).status is AlertStatus.SUCCESS
    assert fake(queueing).orders_placed == 1


def test_rule_26_a_queue_that_nobody_opened_in_time_is_stale(queueing: World) -> None:
    receipt = queueing.send(**ENTRY)
    queueing.clock.jump(OPEN - queueing.clock.now() + timedelta(hours=1))
    queueing.crash_and_boot()
    queueing.run(seconds=1)
    assert status(queueing, receipt.alert_id) == (AlertStatus.EXPIRED, "STALE")


def test_rule_21_an_exit_cancels_the_entry_that_waits(queueing: World) -> None:
    entry = queueing.send(**ENTRY)
    close = queueing.send(**CLOSE)
    queueing.run(seconds=1)
    assert status(queueing, close.alert_id) == (AlertStatus.INFO, "NO_POSITION")
    assert status(queueing, entry.alert_id) == (AlertStatus.DENIED, "CANCELED_BY_EXIT")


def test_rule_21_a_cancel_takes_back_the_entry_that_waits(queueing: World) -> None:
    entry = queueing.send(**ENTRY)
    cancel = queueing.send(action="cancel", symbol="AAPL")
    queueing.run(seconds=1)
    assert queueing.record(cancel.alert_id).status is AlertStatus.SUCCESS
    assert status(queueing, entry.alert_id) == (AlertStatus.DENIED, "CANCELED_BY_EXIT")


def test_rule_22_an_exit_that_is_queued_takes_back_what_waits_and_what_rests(
    queueing: World,
) -> None:
    queueing.own("AAPL", 5)
    put_row(queueing, session_policy=SessionPolicy.ALWAYS)
    limit = {"action": "add", "symbol": "AAPL", "quantity": 1}
    queueing.send(**limit, order_type="limit", limit_price=90)
    put_row(queueing)
    waits = queueing.send(**{**limit, "quantity": 2})
    close = queueing.send(**CLOSE)
    queueing.run(seconds=1)
    assert fake(queueing).working == []
    assert status(queueing, waits.alert_id) == (AlertStatus.DENIED, "CANCELED_BY_EXIT")
    assert queueing.record(close.alert_id).status is AlertStatus.WAITING
    let_open(queueing)
    assert queueing.broker_position() == {}


def test_rule_26_an_exit_waits_for_the_open_and_never_lapses_meanwhile(evening: World) -> None:
    evening.own("AAPL", 5)
    receipt = evening.send(**CLOSE)
    assert status(evening, receipt.alert_id) == (AlertStatus.WAITING, "MARKET_CLOSED")
    let_open(evening)
    assert evening.record(receipt.alert_id).status is AlertStatus.SUCCESS
    assert evening.broker_position() == {}


def test_rule_3_an_exit_that_missed_the_open_by_its_age_blocks_its_lane(evening: World) -> None:
    evening.own("AAPL", 5)
    receipt = evening.send(**CLOSE)
    let_open(evening, after=901)
    assert status(evening, receipt.alert_id) == (AlertStatus.EXPIRED, "EXIT_MISSED")
    assert "lane_blocked" in evening.events(receipt.alert_id)
    entry = evening.send(action="add", symbol="AAPL", quantity=1)
    assert status(evening, entry.alert_id) == (AlertStatus.DENIED, "EXIT_MISSED")


def test_rule_3_a_blocked_lane_can_be_released_by_hand(evening: World) -> None:
    evening.own("AAPL", 5)
    evening.send(**CLOSE)
    let_open(evening, after=901)
    (account,) = evening.server.services.accounts
    blocks = evening.server.services.blocks
    assert "old" in (blocks.unblock(account, "NASDAQ:AAPL") or "")
    assert blocks.unblock(account, "AAPL") is None
    entry = evening.send(action="add", symbol="AAPL", quantity=1)
    assert evening.record(entry.alert_id).status is AlertStatus.SUCCESS


def test_rule_3_an_exit_lives_on_when_the_broker_is_away_at_the_open(evening: World) -> None:
    evening.own("AAPL", 5)
    receipt = evening.send(**CLOSE)
    fake(evening).fail("position", *[BrokerUnavailable("away")] * 5)
    let_open(evening)
    assert not evening.record(receipt.alert_id).status.final
    evening.run(seconds=60)
    assert evening.record(receipt.alert_id).status is AlertStatus.SUCCESS


def test_rule_23_the_legs_stay_while_an_exit_waits(tmp_path: Path) -> None:
    world = world_at(tmp_path, LAST_MINUTE, paper=True)
    world.send(**ENTRY, price=100, stop_loss="2%")
    world.clock.advance(120)
    close = world.send(**CLOSE, price=99)
    (stop,) = [order for order in world.orders() if order.role is OrderRole.STOP_LOSS]
    assert world.record(close.alert_id).status is AlertStatus.WAITING
    assert stop.status is OrderStatus.LIVE
    let_open(world)
    assert world.record(close.alert_id).status is AlertStatus.SUCCESS
    assert world.broker_position() == {}


def test_rule_23_an_exit_that_was_decided_but_not_sent_is_kept_too(tmp_path: Path) -> None:
    world = world_at(tmp_path, LAST_MINUTE + timedelta(seconds=59))
    world.own("AAPL", 5)
    fake(world).script.extend([UNAVAILABLE] * 3)
    close = world.send(**CLOSE)
    world.run(seconds=30)
    assert status(world, close.alert_id) == (AlertStatus.WAITING, "MARKET_CLOSED")
    assert world.broker_position() == {"AAPL": Decimal(5)}
    let_open(world)
    assert world.record(close.alert_id).status is AlertStatus.SUCCESS
    assert world.broker_position() == {}


def test_rule_2_an_entry_that_could_not_be_sent_before_the_close_is_denied(
    tmp_path: Path,
) -> None:
    world = world_at(tmp_path, LAST_MINUTE + timedelta(seconds=59))
    fake(world).script.extend([UNAVAILABLE] * 3)
    receipt = world.send(**ENTRY)
    world.run(seconds=5)
    assert status(world, receipt.alert_id) == (AlertStatus.DENIED, "MARKET_CLOSED")
    assert fake(world).orders_placed == 0


def test_rule_2_what_came_before_an_outage_of_a_weekend_does_not_enter(tmp_path: Path) -> None:
    world = world_at(tmp_path, LAST_MINUTE + timedelta(seconds=55))
    put_row(world)
    fake(world).script.extend([UNAVAILABLE])
    receipt = world.send(**ENTRY)
    world.clock.jump(OPEN - world.clock.now() + timedelta(seconds=5))
    world.crash_and_boot()
    world.run(seconds=1)
    assert world.record(receipt.alert_id).status in (AlertStatus.EXPIRED, AlertStatus.DENIED)
    assert fake(world).orders_placed == 0


@pytest.mark.parametrize(
    ("row", "word", "held"),
    [(None, "MARKET_CLOSED", {}), (WhenClosed.QUEUE, "", {"AAPL": Decimal(-10)})],
    ids=["deny", "queue"],
)
def test_rule_26_a_reversal_waits_as_a_whole_and_its_entry_as_its_row_says(
    evening: World, row: WhenClosed | None, word: str, held: dict[str, Decimal]
) -> None:
    if row is not None:
        put_row(evening)
    evening.own("AAPL", 5)
    receipt = evening.send(action="sell", symbol="AAPL", quantity=10)
    assert evening.record(receipt.alert_id).status is AlertStatus.WAITING
    assert evening.broker_position() == {"AAPL": Decimal(5)}
    let_open(evening)
    assert status(evening, receipt.alert_id)[1] == word
    assert evening.broker_position() == held


def test_rule_26_an_entry_behind_a_queued_exit_waits_behind_it(queueing: World) -> None:
    queueing.own("AAPL", 5, "s")
    close = queueing.send(**CLOSE, strategy="s", timenow=EVENING.isoformat())
    queueing.clock.advance(60)
    again = {**ENTRY, "strategy": "s", "timenow": queueing.clock.now().isoformat()}
    entry = queueing.send(**again)
    assert status(queueing, entry.alert_id) == (AlertStatus.WAITING, "MARKET_CLOSED")
    let_open(queueing)
    assert queueing.record(close.alert_id).status is AlertStatus.SUCCESS
    assert queueing.record(entry.alert_id).status is AlertStatus.SUCCESS
    assert queueing.broker_position() == {"AAPL": Decimal(10)}


def test_rule_25_the_kill_switch_denies_what_waits_for_the_open(queueing: World) -> None:
    entry = queueing.send(**ENTRY)
    queueing.own("MSFT", 2)
    close = queueing.send(action="close", symbol="MSFT")
    queueing.server.services.kill_switch.engage("test")
    queueing.run(seconds=1)
    assert status(queueing, entry.alert_id) == (AlertStatus.DENIED, "KILL_SWITCH")
    let_open(queueing)
    assert queueing.record(close.alert_id).status is AlertStatus.SUCCESS


def test_rule_25_a_reset_before_the_open_fires_nothing_old(queueing: World) -> None:
    entry = queueing.send(**ENTRY)
    queueing.clock.advance(1)
    kill_switch = queueing.server.services.kill_switch
    kill_switch.engage("test")
    kill_switch.reset()
    let_open(queueing)
    assert status(queueing, entry.alert_id) == (AlertStatus.DENIED, "KILL_SWITCH")
    assert queueing.broker_position() == {}


def test_rule_25_a_kill_file_that_came_and_went_fires_nothing_old(tmp_path: Path) -> None:
    file = tmp_path / "KILL"
    world = world_at(tmp_path, EVENING, KILL_FILE=str(file))
    put_row(world)
    waits = world.send(**ENTRY)
    world.clock.advance(1)
    file.touch()
    world.server.services.kill_switch.watch()
    fake(world).fail("position", BrokerUnavailable("no route"))
    meanwhile = world.send(**{**ENTRY, "symbol": "ETH/USD"})
    world.clock.advance(1)
    file.unlink()
    world.server.services.kill_switch.watch()
    after = world.send(**{**ENTRY, "symbol": "BTC/USD"})
    world.run(seconds=5)
    let_open(world)
    assert status(world, meanwhile.alert_id) == (AlertStatus.DENIED, "KILL_SWITCH")
    assert status(world, waits.alert_id) == (AlertStatus.DENIED, "KILL_SWITCH")
    assert world.record(after.alert_id).status is AlertStatus.SUCCESS


def test_rule_25_a_kill_file_cancels_what_rests_once(tmp_path: Path) -> None:
    file = tmp_path / "KILL"
    world = world_at(tmp_path, LAST_MINUTE, KILL_FILE=str(file))
    world.send(**ENTRY, order_type="limit", limit_price=90)
    file.touch()
    for _ in range(3):
        world.server.services.kill_switch.watch()
    assert fake(world).working == []
    assert len(world.rows("SELECT * FROM events WHERE kind = 'kill_switch_set'")) == 1


def test_rule_26_extended_hours_need_a_limit_price(evening: World) -> None:
    asked = {**ENTRY, "extended_hours": True}
    market = evening.send(**asked)
    limit = evening.send(**asked, order_type="limit", limit_price=101)
    assert status(evening, market.alert_id) == (AlertStatus.DENIED, "NO_PRICE")
    assert evening.record(limit.alert_id).status is AlertStatus.SUCCESS
    assert evening.server.services.journal.intent(evening.orders()[-1].client_order_id) is not None


def test_rule_26_a_stop_that_would_sleep_denies_the_entry(evening: World) -> None:
    fields = {**ENTRY, "extended_hours": True, "order_type": "limit", "limit_price": 101}
    receipt = evening.send(**fields, stop_loss=90)
    assert status(evening, receipt.alert_id) == (AlertStatus.DENIED, "NO_STOP_IN_SESSION")


def test_rule_26_it_does_not_where_the_account_watches_stops_itself(tmp_path: Path) -> None:
    world = world_at(tmp_path, EVENING, paper=True)
    fields = {**ENTRY, "extended_hours": True, "order_type": "limit", "limit_price": 101}
    receipt = world.send(**fields, stop_loss=90, price=100)
    assert world.record(receipt.alert_id).status is AlertStatus.SUCCESS


def test_rule_26_a_stop_sleeps_under_the_extended_policy_too(tmp_path: Path) -> None:
    world = world_at(tmp_path, EVENING, SESSION_POLICY="extended")
    bare = world.send(action="buy", symbol="MSFT", quantity=1)
    protected = world.send(**ENTRY, stop_loss="2%")
    assert world.record(bare.alert_id).status is AlertStatus.SUCCESS
    assert status(world, protected.alert_id) == (AlertStatus.DENIED, "NO_STOP_IN_SESSION")


def test_rule_42_the_price_of_the_session_before_counts_at_the_open(tmp_path: Path) -> None:
    world = world_at(tmp_path, EVENING, paper=True)
    put_row(world)
    receipt = world.send(**ENTRY, price=100)
    let_open(world)
    assert world.record(receipt.alert_id).status is AlertStatus.SUCCESS
    assert world.broker_position() == {"AAPL": Decimal(10)}


def test_rule_42_a_limit_needs_no_price_at_the_open(tmp_path: Path) -> None:
    world = world_at(tmp_path, EVENING, paper=True)
    put_row(world)
    receipt = world.send(**ENTRY, order_type="limit", limit_price=90)
    let_open(world)
    (order,) = world.orders()
    assert world.record(receipt.alert_id).status is AlertStatus.SUCCESS
    assert order.status is OrderStatus.LIVE


def test_rule_42_without_any_price_an_exit_waits_for_the_first_one(tmp_path: Path) -> None:
    world = world_at(tmp_path, LAST_MINUTE, paper=True)
    world.send(**ENTRY, price=100)
    world.clock.advance(120)
    close = world.send(**CLOSE)
    let_open(world)
    assert world.record(close.alert_id).status is AlertStatus.WAITING
    world.send(action="buy", symbol="AAPL", quantity=1, price=103)
    world.run(seconds=3)
    assert world.record(close.alert_id).status is AlertStatus.SUCCESS


@pytest.mark.parametrize(
    ("clock", "product", "word"),
    [("09:39:59", "MIS", ""), ("09:40:00", "MIS", "MARKET_CLOSED"), ("09:59:00", "CNC", "")],
)
def test_rule_27_nothing_intraday_enters_in_the_last_twenty_minutes_of_nse(
    tmp_path: Path, clock: str, product: str, word: str
) -> None:
    world = world_at(tmp_path, datetime.fromisoformat(f"2026-11-20T{clock}+00:00"))
    receipt = world.send(action="buy", symbol="NSE:SBIN", quantity=1, product=product)
    assert status(world, receipt.alert_id)[1] == word


def test_rule_27_an_intraday_reversal_finishes_its_close_only(tmp_path: Path) -> None:
    world = world_at(tmp_path, datetime(2026, 11, 20, 9, 45, tzinfo=UTC))
    world.own("SBIN", 5)
    receipt = world.send(action="sell", symbol="NSE:SBIN", quantity=2, product="MIS")
    assert status(world, receipt.alert_id) == (AlertStatus.DENIED, "MARKET_CLOSED")
    assert world.broker_position() == {}


@pytest.mark.parametrize(
    ("row", "action", "held"),
    [
        (WhenClosed.DENY, "buy", 0),
        (WhenClosed.QUEUE, "buy", 0),
        (WhenClosed.DENY, "close", 5),
        (WhenClosed.DENY, "sell", 5),
        (WhenClosed.DENY, "cancel", 5),
    ],
)
def test_a_preview_says_of_a_closed_market_what_the_alert_meets(
    evening: World, row: WhenClosed, action: str, held: int
) -> None:
    put_row(evening, when_closed=row)
    if held:
        evening.own("AAPL", held)
    fields = {"action": action, "symbol": "AAPL", "quantity": 1}
    alert = parse_alert(fields, now=EVENING)
    seen = evening.server.services.preview.look(alert, Share("fake"))
    receipt = evening.send(**fields)
    met, reason = status(evening, receipt.alert_id)
    assert (seen.queued is not None) is (met is AlertStatus.WAITING)
    denied = isinstance(seen.decision, Denied)
    assert denied is (met is AlertStatus.DENIED)
    assert not denied or reason == "MARKET_CLOSED"
    assert seen.queued is None or seen.queued.until == OPEN


def test_a_real_account_enters_on_no_day_that_is_only_assumed(tmp_path: Path) -> None:
    world = world_at(tmp_path, datetime(2027, 1, 25, 5, 0, tzinfo=UTC))
    (account,) = world.server.services.accounts
    rules = SessionRules(SessionPolicy.REGULAR, trusts_weekdays=False)
    sessions = world.server.services.sessions
    alert = parse_alert({"action": "buy", "symbol": "NSE:SBIN"}, now=world.clock.now())
    market = sessions.market(alert, replace(account, sessions=rules), None)
    refusal = sessions.refuses_entry(market, came_closed=False)
    assert refusal is not None
    assert "2027" in refusal.detail
    trusting = sessions.market(alert, account, None)
    assert sessions.refuses_entry(trusting, came_closed=False) is None


@pytest.mark.parametrize(
    ("fields", "ends"),
    [
        ({"symbol": "AAPL"}, "2026-11-20T21:00:00+00:00"),
        ({"symbol": "AAPL", "extended_hours": True}, "2026-11-21T01:00:00+00:00"),
        ({"symbol": "NSE:SBIN"}, "2026-11-23T10:00:00+00:00"),
        ({"symbol": "BTC/USD", "time_in_force": "day"}, "2026-11-21T00:00:00+00:00"),
    ],
)
def test_an_order_for_the_day_ends_with_its_session(
    tmp_path: Path, fields: dict[str, object], ends: str
) -> None:
    world = world_at(tmp_path, LAST_MINUTE, paper=True, SESSION_POLICY="always")
    world.send(action="buy", quantity=1, order_type="limit", limit_price=90, **fields)
    (order,) = world.orders()
    intent = world.server.services.journal.intent(order.client_order_id)
    assert intent is not None
    assert intent.expires_at == datetime.fromisoformat(ends)


def test_a_year_without_dates_has_its_weekdays_on_paper(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    holiday = datetime(2027, 1, 26, 5, 0, tzinfo=UTC)
    world = world_at(tmp_path, holiday, paper=True)
    receipt = world.send(action="buy", symbol="NSE:SBIN", quantity=1, price=800)
    assert world.record(receipt.alert_id).status is AlertStatus.SUCCESS
    assert "no calendar file of this year" in caplog.text


# The broker's own calendar.


def days(broker: FakeBroker, *, closed: date | None = None, closes: str = "16:00") -> None:
    """The broker's calendar of shares: weekdays, but for one that is closed."""
    whole = Day((Hours(time(9, 30), time.fromisoformat(closes)),))
    known = [date(2026, 11, 1) + timedelta(days=number) for number in range(60)]
    broker.days[AssetClass.EQUITY] = {
        day: whole for day in known if day.weekday() < 5 and day != closed
    }


def learn(world: World) -> None:
    (account,) = world.server.services.accounts
    world.server.services.sessions.learn(account)


def test_rule_26_a_broker_that_knows_its_calendar_is_believed(tmp_path: Path) -> None:
    world = world_at(tmp_path, OPEN)
    days(fake(world), closed=OPEN.date())
    assert status(world, world.send(**ENTRY).alert_id)[0] is AlertStatus.SUCCESS
    learn(world)
    receipt = world.send(**{**ENTRY, "action": "add"})
    assert status(world, receipt.alert_id) == (AlertStatus.DENIED, "MARKET_CLOSED")
    assert "2026-11-24 14:30 UTC" in world.record(receipt.alert_id).outcome.detail
    crypto = world.send(**CRYPTO)
    assert status(world, crypto.alert_id)[0] is AlertStatus.SUCCESS


def test_rule_26_a_short_day_that_only_the_broker_knows_ends_early(tmp_path: Path) -> None:
    world = world_at(tmp_path, OPEN.replace(hour=18, minute=30))
    days(fake(world), closes="13:00")
    learn(world)
    receipt = world.send(**ENTRY)
    assert status(world, receipt.alert_id) == (AlertStatus.DENIED, "MARKET_CLOSED")


def test_rule_26_days_that_no_file_has_are_known_when_the_broker_tells_them(
    tmp_path: Path,
) -> None:
    monday = datetime(2031, 11, 24, 15, 0, tzinfo=UTC)
    world = world_at(tmp_path, monday)
    (account,) = world.server.services.accounts
    real = replace(account, sessions=SessionRules(SessionPolicy.REGULAR, trusts_weekdays=False))
    sessions = world.server.services.sessions
    alert = parse_alert({"action": "buy", "symbol": "AAPL"}, now=monday)
    refusal = sessions.refuses_entry(sessions.market(alert, real, None), came_closed=False)
    assert refusal is not None
    assert "2031" in refusal.detail
    fake(world).days[AssetClass.EQUITY] = {monday.date(): Day((Hours(time(9, 30), time(16)),))}
    learn(world)
    market = sessions.market(alert, real, None)
    assert sessions.refuses_entry(market, came_closed=False) is None


def test_rule_26_a_calendar_that_cannot_be_read_leaves_what_was_known(tmp_path: Path) -> None:
    world = world_at(tmp_path, OPEN)
    fake(world).fail("market_days", BrokerUnavailable("no route"))
    learn(world)
    assert status(world, world.send(**ENTRY).alert_id)[0] is AlertStatus.SUCCESS, "the files"
    days(fake(world), closed=OPEN.date())
    learn(world)
    world.clock.jump(timedelta(days=7))
    fake(world).fail("market_days", BrokerUnavailable("no route"))
    learn(world)
    world.clock.jump(-timedelta(days=7))
    denied = world.send(**{**ENTRY, "action": "add"})
    assert status(world, denied.alert_id) == (AlertStatus.DENIED, "MARKET_CLOSED")


def test_a_broker_is_asked_for_its_calendar_once_a_day(tmp_path: Path) -> None:
    world = world_at(tmp_path, OPEN)
    for _ in range(3):
        learn(world)
    once = Counter(fake(world).calls)["market_days", AssetClass.EQUITY]
    world.clock.jump(timedelta(days=1))
    learn(world)
    again = Counter(fake(world).calls)["market_days", AssetClass.EQUITY]
    assert (once, again) == (1, 2)


LATE = replace(EVERYTHING, limits_after_hours=True)


def after_hours(folder: Path) -> World:
    """Ten that are held in the evening, where only limit orders are taken then."""
    world = World(folder, clock=FakeClock(EVENING), settings={"SESSION_POLICY": "extended"})
    world.broker = FakeBroker(clock=world.clock, capabilities=LATE)
    world.boot()
    world.own("AAPL", 10)
    return world


def sent_order(world: World) -> OrderIntent:
    intent = world.server.services.journal.intent(world.orders()[-1].client_order_id)
    assert intent is not None
    return intent


def test_rule_26_an_exit_outside_regular_hours_is_a_limit_that_fills(tmp_path: Path) -> None:
    world = after_hours(tmp_path)
    fake(world).prices["AAPL"] = Decimal(100)
    close = world.send(**CLOSE)
    assert world.record(close.alert_id).status is AlertStatus.WAITING
    order = sent_order(world)
    assert (order.order_type, order.limit_price) == (OrderType.LIMIT, Decimal(99))
    assert (order.extended_hours, order.time_in_force) == (True, "day")
    fake(world).fill(order.client_order_id)
    world.run(seconds=3)
    assert world.record(close.alert_id).status is AlertStatus.SUCCESS


def test_rule_26_an_exit_with_a_limit_may_be_executed_outside_regular_hours(
    tmp_path: Path,
) -> None:
    world = after_hours(tmp_path)
    close = world.send(**CLOSE, order_type="limit", limit_price=120, time_in_force="gtc")
    order = sent_order(world)
    assert (order.limit_price, order.time_in_force) == (Decimal(120), "gtc")
    assert order.extended_hours
    assert world.record(close.alert_id).status is AlertStatus.SUCCESS


@pytest.mark.parametrize(
    ("asked", "sent"), [(None, "day"), ("gtc", "gtc"), ("ioc", "ioc"), ("cls", "day")]
)
def test_an_exit_lasts_as_long_as_it_was_asked_to(
    tmp_path: Path, asked: str | None, sent: str
) -> None:
    world = world_at(tmp_path, LAST_MINUTE)
    world.own("AAPL", 10)
    limit = {"order_type": "limit", "limit_price": 120, "time_in_force": asked}
    world.send(**CLOSE, **{name: value for name, value in limit.items() if value is not None})
    order = sent_order(world)
    assert (order.time_in_force, order.extended_hours) == (sent, False)


# The broker's own clock.


def test_rule_26_nothing_is_entered_while_the_broker_says_that_it_does_not_trade(
    tmp_path: Path,
) -> None:
    world = world_at(tmp_path, LAST_MINUTE - timedelta(hours=2))
    world.own("AAPL", 4)
    fake(world).halted.add(AssetClass.EQUITY)
    learn(world)
    entry = world.send(action="buy", symbol="MSFT", quantity=1)
    assert status(world, entry.alert_id) == (AlertStatus.DENIED, "MARKET_CLOSED")
    assert "does not trade now" in world.record(entry.alert_id).outcome.detail
    close = world.send(**CLOSE)
    assert status(world, close.alert_id)[0] is AlertStatus.SUCCESS
    assert status(world, world.send(**CRYPTO).alert_id)[0] is AlertStatus.SUCCESS

    fake(world).halted.clear()
    learn(world)
    later = world.send(action="buy", symbol="MSFT", quantity=2)
    assert status(world, later.alert_id)[0] is AlertStatus.SUCCESS


@pytest.mark.parametrize("seconds", [-30, 30])
def test_rule_26_around_the_open_clocks_may_differ(tmp_path: Path, seconds: float) -> None:
    world = world_at(tmp_path, OPEN + timedelta(seconds=seconds))
    fake(world).halted.add(AssetClass.EQUITY)
    learn(world)
    world.clock.advance(120)
    world.server.services.ownership.beat()
    assert status(world, world.send(**ENTRY).alert_id)[0] is AlertStatus.SUCCESS


def test_rule_26_a_clock_that_cannot_be_read_leaves_what_was_known(tmp_path: Path) -> None:
    world = world_at(tmp_path, LAST_MINUTE - timedelta(hours=2))
    fake(world).halted.add(AssetClass.EQUITY)
    learn(world)
    fake(world).halted.clear()
    fake(world).fail("is_open", *[BrokerUnavailable("no route")] * len(AssetClass))
    learn(world)
    assert status(world, world.send(**ENTRY).alert_id) == (AlertStatus.DENIED, "MARKET_CLOSED")
    learn(world)
    again = world.send(**{**ENTRY, "quantity": 3})
    assert status(world, again.alert_id)[0] is AlertStatus.SUCCESS


def test_rule_26_who_trades_always_asks_no_clock(tmp_path: Path) -> None:
    world = world_at(tmp_path, LAST_MINUTE - timedelta(hours=2), SESSION_POLICY="always")
    fake(world).halted.add(AssetClass.EQUITY)
    learn(world)
    assert status(world, world.send(**ENTRY).alert_id)[0] is AlertStatus.SUCCESS
