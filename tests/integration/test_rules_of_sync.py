"""Trading-rules 5, 7 and 20 in the whole engine: late exits, reversed chains, lost positions."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import permutations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.domain.instrument import Ticker
from app.domain.outcome import AlertStatus
from app.domain.strategy import AfterStop, Strategy, Sync
from tests.fakes.broker import FakeBroker
from tests.integration.world import World

BUY: dict[str, object] = {"action": "buy", "symbol": "AAPL", "quantity": 10}
SELL: dict[str, object] = {"action": "sell", "symbol": "AAPL", "quantity": 4}
CLOSE: dict[str, object] = {"action": "close", "symbol": "AAPL"}
STOP = {"price": 100, "stop_loss": "2%", "take_profit": "4%"}


def quote(world: World, price: int) -> None:
    world.server.services.quotes.note(Ticker.parse("AAPL"), Decimal(price), world.clock.now())


def ended(world: World, **fields: object) -> tuple[str, str]:
    """What becomes of an alert: its status and its reason."""
    receipt = world.send(**fields, timenow=world.clock.now().isoformat())
    world.run(seconds=3)
    record = world.record(receipt.alert_id)
    return record.status.value, record.outcome.reason


def held(world: World) -> int:
    return int(world.broker_position().get("AAPL", Decimal(0)))


def row(world: World, **columns: object) -> None:
    world.server.services.playbook.put(Strategy(symbol="AAPL", **columns))  # type: ignore[arg-type]  # columns of the test


# --- rule 7 --------------------------------------------------------------------------------------


@pytest.mark.parametrize("price", [97, 105], ids=["stop", "target"])
def test_rule_7_the_exit_after_a_leg_is_skipped_once_and_told(paper: World, price: int) -> None:
    paper.send(**BUY, **STOP)
    quote(paper, price)
    late = paper.send(**SELL)
    assert paper.record(late.alert_id).outcome.reason == "STOPPED_OUT"
    assert paper.record(late.alert_id).status is AlertStatus.SKIPPED
    (event,) = paper.rows("SELECT * FROM events WHERE kind = 'stopped_out'")
    assert (event["alert_id"], event["problem"]) == (late.alert_id, 1)
    assert ended(paper, **SELL) == ("success", "")
    assert held(paper) == -4


def test_rule_7_a_close_is_that_exit_too(paper: World) -> None:
    paper.send(**BUY, **STOP)
    quote(paper, 97)
    assert ended(paper, **CLOSE) == ("info", "NO_POSITION")
    assert ended(paper, **SELL) == ("success", "")


def test_rule_7_a_new_entry_makes_an_end_of_it(paper: World) -> None:
    paper.send(**BUY, **STOP)
    quote(paper, 97)
    assert ended(paper, **BUY) == ("success", "")
    assert ended(paper, **CLOSE) == ("success", "")
    assert ended(paper, **SELL) == ("success", "")


def test_rule_7_the_row_may_want_it_traded(paper: World) -> None:
    row(paper, after_stop=AfterStop.TRADE)
    paper.send(**BUY, **STOP)
    quote(paper, 97)
    assert ended(paper, **SELL) == ("success", "")


def test_rule_7_the_stop_of_one_strategy_says_nothing_about_another(paper: World) -> None:
    paper.send(**BUY, **STOP, strategy="a")
    quote(paper, 97)
    assert ended(paper, **SELL, strategy="b") == ("success", "")
    assert ended(paper, **SELL, strategy="a") == ("skipped", "STOPPED_OUT")


def test_rule_7_is_remembered_over_a_restart(paper: World) -> None:
    paper.send(**BUY, **STOP)
    quote(paper, 97)
    paper.crash_and_boot()
    assert ended(paper, **SELL) == ("skipped", "STOPPED_OUT")


def test_rule_7_a_position_that_its_own_alert_closed_was_not_stopped_out(paper: World) -> None:
    paper.send(**BUY, **STOP)
    paper.send(**CLOSE)
    assert ended(paper, **SELL) == ("success", "")


# --- rule 20 -------------------------------------------------------------------------------------


def test_rule_20_what_grows_a_lost_position_is_denied_and_told(world: World) -> None:
    grows = {**BUY, "market_position": "long", "prev_market_position": "long"}
    assert ended(world, **grows) == ("denied", "OUT_OF_SYNC")
    (event,) = world.rows("SELECT * FROM events WHERE kind = 'out_of_sync'")
    assert event["problem"]
    assert held(world) == 0


def test_rule_20_what_stands_against_it_is_closed(world: World) -> None:
    world.own("AAPL", -5)
    grows = {**BUY, "market_position": "long", "prev_market_position": "long"}
    assert ended(world, **grows) == ("denied", "OUT_OF_SYNC")
    assert held(world) == 0
    assert world.count("orders") == 1


def test_rule_20_an_alert_that_crosses_enters_and_tells_that_it_knew_another_position(
    world: World,
) -> None:
    turns = {**SELL, "market_position": "short", "prev_market_position": "long"}
    assert ended(world, **turns, prev_market_position_size=1) == ("success", "")
    assert held(world) == -3
    (event,) = world.rows("SELECT * FROM events WHERE kind = 'out_of_sync'")
    assert "the alert knew long, flat is held: resync" in event["facts"]


def test_rule_20_flatten_closes_what_is_held(world: World) -> None:
    row(world, sync=Sync.FLATTEN)
    world.own("AAPL", 5)
    enters = {**BUY, "market_position": "long", "prev_market_position": "flat"}
    assert ended(world, **enters) == ("success", "")
    assert held(world) == 0


def test_rule_20_deny_trades_nothing_that_enters(world: World) -> None:
    row(world, sync=Sync.DENY)
    turns = {**SELL, "market_position": "short", "prev_market_position": "long"}
    assert ended(world, **turns) == ("denied", "OUT_OF_SYNC")
    assert held(world) == 0


def test_rule_20_in_sync_nothing_is_told(world: World) -> None:
    enters = {**BUY, "market_position": "long", "prev_market_position": "flat"}
    assert ended(world, **enters) == ("success", "")
    assert not world.rows("SELECT * FROM events WHERE kind = 'out_of_sync'")


# --- rule 5 --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Chain:
    """Positions that a strategy goes through within one second, each another one."""

    positions: Sequence[int]

    def alerts(self) -> list[dict[str, object]]:
        """TradingView's alerts of the chain: the size that was and the one that is."""
        pairs = zip(self.positions, self.positions[1:], strict=False)
        return [_alert(before, after) for before, after in pairs]


def _alert(before: int, after: int) -> dict[str, object]:
    return {
        "action": "buy" if after > before else "sell",
        "symbol": "AAPL",
        "quantity": abs(after - before),
        "market_position": _word(after),
        "market_position_size": abs(after),
        "prev_market_position": _word(before),
        "prev_market_position_size": abs(before),
    }


def _word(position: int) -> str:
    return "flat" if not position else "long" if position > 0 else "short"


def play(world: World, chain: Chain, order: Sequence[int], apart: float) -> int:
    """The position in the end, when the alerts of a chain arrive in some order."""
    fired = world.clock.now().replace(microsecond=0).isoformat()
    alerts = chain.alerts()
    for number in order:
        world.send(**alerts[number], timenow=fired)
        world.run(seconds=apart, step=0.125) if apart else None
    world.run(seconds=4)
    assert not world.rows("SELECT * FROM jobs WHERE state NOT IN ('done', 'failed')")
    return held(world)


@pytest.mark.parametrize("apart", [0, 0.25])
@pytest.mark.parametrize("order", list(permutations(range(3))), ids=str)
def test_rule_5_a_chain_of_one_second_is_brought_into_its_order(
    world: World, order: tuple[int, ...], apart: float
) -> None:
    assert play(world, Chain([0, 5, -3, 2]), order, apart) == 2


CHAINS = st.lists(st.integers(-4, 4), min_size=3, max_size=4, unique=True).map(
    lambda rest: Chain([0, *(position for position in rest if position)])
)


@given(st.data())
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_rule_5_any_order_of_arrival_ends_where_the_strategy_does(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    chain = data.draw(CHAINS)
    order = data.draw(st.permutations(range(len(chain.positions) - 1)))
    world = World(tmp_path_factory.mktemp("chain"))
    world.broker = FakeBroker(clock=world.clock)
    world.boot()
    assert play(world, chain, order, 0) == chain.positions[-1]
    world.server.database.close()
