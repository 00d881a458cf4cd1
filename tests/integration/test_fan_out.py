"""The jobs of one alert on several accounts: none waits for another, none is lost or doubled."""

import threading
from collections import Counter
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from app.bootstrap import Parts, Server, build
from app.config import Settings
from app.domain.errors import BrokerError, BrokerLoginNeeded, BrokerUnavailable
from app.domain.outcome import AlertStatus
from app.domain.position import Position
from app.ports.broker import Broker
from app.ports.journal import AlertRecord
from tests.fakes.broker import REPLY_LOST, REQUEST_LOST, UNAVAILABLE, FakeBroker, Turn, reject
from tests.integration.test_crash_points import Alerts, check_invariants, every_crash
from tests.integration.world import SETTINGS, Fuse, World

S = AlertStatus
NAMES = ("a", "b")
BOTH: dict[str, object] = {
    "action": "buy",
    "symbol": "AAPL",
    "quantity": 10,
    "stop_loss": "2%",
    "account": "a,b*0.5",
}
SHORT = {**BOTH, "action": "sell"}
CLOSE: dict[str, object] = {"action": "close", "symbol": "AAPL", "account": "a,b"}
Books = dict[tuple[str, str], Decimal]


def two(folder: Path, script: tuple[Turn, ...] = ()) -> World:
    """Two accounts, each at a broker of its own; the second one does what the script says."""
    world = World(folder, settings={"ACCOUNTS": "a=paper,b=paper", "DEFAULT_ACCOUNT": "a"})
    world.brokers = {
        "a": FakeBroker(account="a", clock=world.clock),
        "b": FakeBroker(account="b", clock=world.clock, script=script),
    }
    return world


@pytest.fixture
def pair(tmp_path: Path) -> World:
    world = two(tmp_path)
    world.boot()
    return world


def second(world: World) -> FakeBroker:
    broker = world.brokers["b"]
    assert isinstance(broker, FakeBroker)
    return broker


def at_the_brokers(world: World) -> Books:
    return {
        (name, held.instrument): held.quantity
        for name, broker in world.brokers.items()
        for held in broker.positions()
    }


def in_the_journal(world: World) -> Books:
    sums: Books = {}
    for row in world.rows("SELECT account, instrument, side, quantity FROM fills"):
        key, sign = (row["account"], row["instrument"]), 1 if row["side"] == "buy" else -1
        sums[key] = sums.get(key, Decimal(0)) + sign * Decimal(row["quantity"])
    return {key: total for key, total in sums.items() if total}


def words(world: World, alert_id: str) -> Mapping[str, str]:
    record = world.record(alert_id)
    return {name: one.reason or one.status.value for name, one in record.outcomes.items()}


def check_each_account(world: World, where: str = "") -> None:
    check_invariants(world, where)
    assert at_the_brokers(world) == in_the_journal(world), where
    jobs = world.rows("SELECT alert_id, account, count(*) AS n FROM jobs GROUP BY 1, 2")
    assert {row["n"] for row in jobs} == {1}, where
    entries = Counter(
        (row["alert_id"], row["account"])
        for row in world.rows("SELECT alert_id, account FROM orders WHERE role = 'entry'")
    )
    assert set(entries.values()) <= {1}, (where, entries)


SCENARIOS: dict[str, tuple[Alerts, tuple[Turn, ...], Books]] = {
    "entry": ((BOTH,), (), {("a", "AAPL"): Decimal(10), ("b", "AAPL"): Decimal(5)}),
    "entry then close": ((BOTH, CLOSE), (), {}),
    "reversal": (
        (BOTH, SHORT),
        (),
        {("a", "AAPL"): Decimal(-10), ("b", "AAPL"): Decimal(-5)},
    ),
    "one rejected": ((BOTH,), (reject(),) * 9, {("a", "AAPL"): Decimal(10)}),
    "one unavailable at first": (
        (BOTH,),
        (UNAVAILABLE,),
        {("a", "AAPL"): Decimal(10), ("b", "AAPL"): Decimal(5)},
    ),
    "one reply lost": (
        (BOTH,),
        (REPLY_LOST,),
        {("a", "AAPL"): Decimal(10), ("b", "AAPL"): Decimal(5)},
    ),
    "one unknown": ((BOTH | {"account": "nobody,a"},), (), {("a", "AAPL"): Decimal(10)}),
}


def crash_both(folder: Path, name: str, most: int | None) -> None:
    alerts, script, books = SCENARIOS[name]
    worlds = every_crash(
        lambda number: two(folder / number, script), alerts, most=most, check=check_each_account
    )
    for world, where in worlds:
        check_each_account(world, where)
        assert at_the_brokers(world) == books, where


@pytest.mark.parametrize("name", SCENARIOS)
def test_a_crash_at_any_step_loses_and_doubles_no_job_of_an_alert(
    tmp_path: Path, name: str
) -> None:
    crash_both(tmp_path, name, None if name == "entry" else 30)


@pytest.mark.torture
@pytest.mark.parametrize("name", SCENARIOS)
def test_a_crash_at_every_step_loses_and_doubles_no_job_of_an_alert(
    tmp_path: Path, name: str
) -> None:
    crash_both(tmp_path, name, None)


class Seen(Fuse):
    """Remembers the steps, and ends nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.steps: list[str] = []

    def __call__(self, name: str) -> None:
        self.steps.append(name)


def test_all_jobs_of_an_alert_are_admitted_in_one_commit(pair: World) -> None:
    pair.fuse = seen = Seen()
    pair.send(**BOTH)
    admitted = seen.steps[: seen.steps.index("committed")]
    assert admitted.count("add_alert") == 1
    assert admitted.count("add_job") == 2


@pytest.mark.parametrize("error", [BrokerUnavailable, BrokerLoginNeeded])
def test_rule_15_an_account_that_cannot_be_reached_holds_back_no_other(
    pair: World, error: type[BrokerError]
) -> None:
    second(pair).fail("position", *(error("no answer") for _ in range(99)))
    receipt = pair.send(**BOTH)
    assert at_the_brokers(pair) == {("a", "AAPL"): Decimal(10)}
    assert words(pair, receipt.alert_id) == {"a": "success", "b": "waiting"}
    assert pair.record(receipt.alert_id).status is S.WAITING
    pair.run(seconds=90, step=1)
    assert words(pair, receipt.alert_id) == {"a": "success", "b": "STALE"}
    record = pair.record(receipt.alert_id)
    assert (record.status, record.outcome.reason) == (S.EXPIRED, "STALE")
    assert record.outcome.detail.startswith("b: ")


def test_an_order_of_one_account_that_may_have_arrived_is_seen_on_the_alert(pair: World) -> None:
    second(pair).script.append(REQUEST_LOST)
    receipt = pair.send(**BOTH)
    record = pair.record(receipt.alert_id)
    assert record.status is S.UNKNOWN
    assert words(pair, receipt.alert_id) == {"a": "success", "b": "unknown"}
    pair.run(seconds=10)
    assert pair.record(receipt.alert_id).status is S.SUCCESS
    check_each_account(pair)


def test_whoever_waits_for_an_alert_waits_for_all_its_accounts(pair: World) -> None:
    second(pair).script.append(UNAVAILABLE)
    receipt = pair.send(**BOTH)
    intake = pair.server.services.intake
    record = intake.wait(receipt.alert_id, 0.01)
    assert record is not None
    assert not record.status.final
    timer = threading.Timer(0.05, pair.run, [5])
    timer.start()
    record = intake.wait(receipt.alert_id, 30)
    timer.join()
    assert record is not None
    assert record.status is S.SUCCESS


class Stuck:
    """A broker that gives no answer until it is told to."""

    def __init__(self, broker: Broker) -> None:
        self._broker = broker
        self.go_on = threading.Event()

    def __getattr__(self, name: str) -> object:
        return getattr(self._broker, name)

    def position(self, instrument: str) -> Position | None:
        assert self.go_on.wait(60)
        return self._broker.position(instrument)


def a_server(folder: Path, accounts: str, **parts: Any) -> Server:
    """A server with threads of its own, on the database of a folder."""
    variables = {**SETTINGS, "ACCOUNTS": accounts, "DATA_DIR": str(folder)}
    server = build(Settings.from_env(variables, dotenv=None), Parts(**parts))
    server.services.ownership.start()
    server.services.recovery.run()
    return server


def ended(server: Server, alert_id: str) -> AlertRecord:
    """The alert when it has ended, whoever ends it; its process looks for leftovers meanwhile."""
    for _ in range(600):
        record = server.services.intake.wait(alert_id, 0.1)
        if record is not None and record.status.final:
            return record
        server.services.lanes.sweep()
    raise TimeoutError(alert_id)


def test_two_processes_share_the_jobs_of_alerts(migrated: Path, tmp_path: Path) -> None:
    (tmp_path / "novalgo.db").write_bytes(migrated.read_bytes())
    world = World(tmp_path)
    world.servers = [a_server(tmp_path, "paper,second=paper", clock=world.clock) for _ in "ab"]
    first, other = world.servers
    entry = {"action": "buy", "quantity": 2, "price": 5, "account": "paper,second*0.5"}
    bodies = [
        {**entry, "symbol": f"S{number % 5}", "strategy": f"s{number}"} for number in range(20)
    ]

    def post(server: Server) -> list[str]:
        return [world.send_by(server, **body).alert_id for body in bodies]

    with ThreadPoolExecutor(2) as senders:
        ids = list(senders.map(post, world.servers))
    assert ids[0] == ids[1]
    for alert_id in ids[0]:
        assert ended(first, alert_id).status is S.SUCCESS
        assert ended(other, alert_id).outcomes == ended(first, alert_id).outcomes
    entries = Counter(row["account"] for row in world.rows("SELECT account FROM paper_orders"))
    assert entries == {"paper": 20, "second": 20}
    assert in_the_journal(world) == {
        (account, f"S{number}"): quantity * 4
        for account, quantity in (("paper", Decimal(2)), ("second", Decimal(1)))
        for number in range(5)
    }
    for server in world.servers:
        server.stop()


def test_rule_15_a_broker_that_is_slow_holds_back_no_other_account(
    migrated: Path, tmp_path: Path
) -> None:
    (tmp_path / "novalgo.db").write_bytes(migrated.read_bytes())
    stuck: list[Stuck] = []

    def slow(broker: Broker) -> Broker:
        if broker.account == "paper":
            return broker
        stuck.append(Stuck(broker))
        return stuck[-1]  # type: ignore[return-value]  # the rest of a Broker is lent to it

    world = World(tmp_path)
    server = a_server(tmp_path, "paper,slow=paper", clock=world.clock, wrap_broker=slow)
    world.servers.append(server)
    entry = {"action": "buy", "quantity": 1, "price": 5}
    try:
        held_up = [
            world.send(**entry, symbol=f"SLOW{number}", account="slow").alert_id
            for number in range(20)
        ]
        receipt = world.send(**entry, symbol="AAPL", account="slow,paper")
        world.send(**entry, symbol="MSFT")
        quick = world.send(**entry, symbol="NVDA", account="paper")
        record = server.services.intake.wait(quick.alert_id, 30)
        assert record is not None
        assert record.status is S.SUCCESS
        assert words(world, receipt.alert_id)["slow"] in ("accepted", "executing")
    finally:
        stuck[0].go_on.set()
    for alert_id in (*held_up, receipt.alert_id):
        assert ended(server, alert_id).status is S.SUCCESS
    server.stop()
