"""Messages that people published for NSE, with the lists of the exchange loaded.

Each goes through the real webhook to a paper account: to the right contract, in whole lots, with
its protection; or it is denied with the lot or the expiries that there are.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from app.bootstrap import Server
from tests.data.recorded import RENDERED, message_of, recorded
from tests.fakes.clock import FakeClock
from tests.integration.api import SECRET, MakeServer, body_of, client_of, quote
from tests.unit.adapters.instruments.lists import DATA, make_lists, refreshed

MONDAY = datetime(2025, 8, 18, 5, tzinfo=UTC)
"""The day after the derived list was made, 10:30 in India."""
OF_2026 = datetime(2026, 8, 25, 10, tzinfo=UTC)
"""When the re-dated contracts expire."""
NSE = {**RENDERED, "{{ticker}}": "SBIN", "{{exchange}}": "NSE"}
SOLD_PUT = [
    ("NSE:BANKNIFTY25AUG48400PE", "sell", "35", "market", None, "filled"),
    ("NSE:BANKNIFTY25AUG48400PE", "buy", "35", "stop", "241.5", "live"),
    ("NSE:BANKNIFTY25AUG48400PE", "buy", "35", "limit", "157.5", "live"),
]
BOUGHT_CALL = [
    ("NSE:NIFTY26AUG24650CE", "buy", "65", "market", None, "filled"),
    ("NSE:NIFTY26AUG24650CE", "sell", "65", "stop", "179.6", "live"),
    ("NSE:NIFTY26AUG24650CE", "sell", "65", "limit", "264.15", "live"),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """A message with what is changed in it, the prices that are known, and what comes of it."""

    number: int
    changed: Mapping[str, object] = field(default_factory=dict[str, object])
    at: datetime = MONDAY
    quotes: Mapping[str, float] = field(default_factory=dict[str, float])
    status: str = "success"
    reason: str = ""
    detail: str = ""
    orders: Sequence[tuple[object, ...]] = ()


def denied(number: int, reason: str, detail: str, **given: Any) -> Case:
    return Case(number=number, status="denied", reason=reason, detail=detail, **given)


PREMIUM = {"NSE:BANKNIFTY25AUG48400PE": 210}
IN_2026: dict[str, Any] = {"at": OF_2026.replace(day=20, hour=5)}
CASES = [
    # the seed's: WEEKLY is the nearest expiry, which is monthly
    denied(0, "WRONG_LOT", "25 is not a multiple of the lot of 35; the nearest: 35"),
    Case(number=0, changed={"qty": 35}, quotes=PREMIUM, orders=SOLD_PUT),
    Case(number=0, changed={"qty": None}, quotes=PREMIUM, orders=SOLD_PUT),
    denied(0, "NO_QUOTE", "NSE:BANKNIFTY25AUG48400PE", changed={"qty": 35}),
    denied(
        0,
        "UNKNOWN_SYMBOL",
        "no such strike of 2025-08-28; the nearest: 54500, 54600, 54700",
        changed={"strikeprice": 54550, "qty": 35},
    ),
    denied(0, "IMPLAUSIBLE_STOP", "wrong side", changed={"qty": 35, "sl": 150}, quotes=PREMIUM),
    # OpenAlgo's
    Case(
        number=5,
        quotes={"NSE:SBIN": 800},
        orders=[("SBIN", "buy", "3", "market", None, "filled")],
    ),
    Case(number=6, orders=[("SBIN", "buy", "100", "limit", "143.1", "filled")]),
    denied(7, "UNKNOWN_SYMBOL", "no such expiry; the nearest: 2025-08-21, 2025-08-28"),
    Case(number=8, quotes={"SBIN": 800}, orders=[("SBIN", "buy", "1", "market", None, "filled")]),
    denied(11, "UNKNOWN_SYMBOL", "no such expiry; the nearest:", quotes={"NIFTY": 24631.3}),
    Case(
        number=11,
        quotes={"NSE:NIFTY": 24631.3, "NSE:NIFTY26AUG24650CE": 211.3},
        orders=BOUGHT_CALL,
        **IN_2026,
    ),
    denied(11, "NO_QUOTE", "needs the price of NSE:NIFTY50-INDEX", **IN_2026),
    denied(12, "UNSUPPORTED_PROTECTION", "triggerprice_sl"),
    # Dhan's: what it counts in lots are units here, unless it says so
    denied(64, "WRONG_LOT", "1 is not a multiple of the lot of 75; the nearest: 75"),
    Case(
        number=64,
        changed={"quantity_type": "lots"},
        quotes={"NIFTY1!": 24700},
        orders=[("NSE:NIFTY25AUGFUT", "sell", "75", "market", None, "filled")],
    ),
    Case(number=67, status="info", reason="NO_ACTION"),
]


def test_every_message_for_nse_is_here() -> None:
    told = {number for number, text in recorded().items() if "NSE" in text or "NIFTY" in text}
    assert {case.number for case in CASES} == told | {8, 12, 67} - {24, 25}


@pytest.fixture
def clock(case: Case) -> FakeClock:
    return FakeClock(case.at)


@pytest.mark.parametrize(
    "case", CASES, ids=[f"{at}-of-{case.number}-{case.reason}" for at, case in enumerate(CASES)]
)
def test_a_message_for_nse_ends_as_it_was_meant(
    case: Case, make_server: MakeServer, tmp_path: Path
) -> None:
    server = make_server(PAPER_CASH="10000000")
    load_lists(server, tmp_path / "lists", case.at)
    client = client_of(server)
    for symbol, price in case.quotes.items():
        quote(client, symbol, price)
    answer = client.post(f"/webhook/{SECRET}?wait=1", data=message(case))
    body = answer.get_json()
    (id_,) = [each["alert_id"] for each in body.get("alerts", [body])]
    alert = body_of(client, f"/api/v1/alerts/{id_}")
    assert (alert["status"], alert["reason"]) == (case.status, case.reason), alert["detail"]
    assert case.detail in alert["detail"]
    assert sorted(map(shown, alert["orders"]), key=str) == sorted(case.orders, key=str)


def message(case: Case) -> bytes:
    """The message as it is sent; a changed field that is None is left out."""
    told = json.loads(message_of(case.number, NSE))
    target = told["order_legs"][0] if "order_legs" in told else told
    target.update(case.changed)
    for name in [name for name, value in case.changed.items() if value is None]:
        del target[name]
    return json.dumps(told).encode()


def load_lists(server: Server, folder: Path, at: datetime) -> None:
    """The derived list with the seed's strike; in 2026 its August is that of 2026."""
    make_lists(folder)
    rows = (DATA / "NSE_FO.csv").read_text(encoding="utf-8").splitlines()
    put = next(row for row in rows if ":BANKNIFTY25AUG55000PE" in row)
    rows.append(put.replace("55000", "48400"))
    if at.year == OF_2026.year:
        rows = [redated(row) for row in rows if ":NIFTY25AUG" in row]
    (folder / "NSE_FO.csv").write_text("\n".join(rows), encoding="utf-8")
    answer = refreshed(server.settings.data_dir, folder, at)
    assert answer.generation, answer


def redated(row: str) -> str:
    cells = row.replace("25AUG", "26AUG").split(",")
    cells[3], cells[8] = "65", str(int(OF_2026.timestamp()))
    return ",".join(cells)


def shown(order: Mapping[str, Any]) -> tuple[object, ...]:
    """An order as the table has it."""
    price = order.get("limit_price") or order.get("stop_price")
    facts = ("symbol", "side", "quantity", "order_type")
    return (*(order[name] for name in facts), price, order["status"])
