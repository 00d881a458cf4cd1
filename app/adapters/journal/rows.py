"""Rows of the journal as domain values, and domain values as parameters of statements."""

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any, Protocol

from app.adapters.journal.codec import ALERT, INTENT, OUTCOME
from app.adapters.sql import from_db, to_db
from app.domain.events import Event, EventKind
from app.domain.order import (
    Fill,
    Leg,
    OrderIntent,
    OrderRole,
    OrderStatus,
    OrderType,
    Side,
)
from app.domain.outcome import AlertStatus, Outcome
from app.domain.position import Direction
from app.domain.protection import leg_side, leg_type
from app.domain.stake import Stake
from app.ports.journal import AlertRecord, HeardAlert, NewAlert, OrderRecord
from app.ports.records import FillRecord


class Row(Protocol):
    """A row that is read by column names: the driver's, or a mapping of SQLAlchemy's."""

    def __getitem__(self, name: str, /) -> Any: ...


def alert_params(new: NewAlert) -> dict[str, Any]:
    """The columns of a new alert."""
    outcome = new.outcome
    state = words(outcome) if outcome else {"status": "accepted", "reason": "", "detail": ""}
    return state | {
        "id": new.alert_id,
        "received_at": to_db(new.received_at),
        "symbol": new.alert.symbol,
        "strategy": new.alert.strategy or "",
        "account": new.accounts,
        "request_id": new.request_id,
        "alert": ALERT.dump(new.alert),
        "raw": new.raw,
        "outcome": OUTCOME.dump(outcome) if outcome else None,
        "finished_at": to_db(new.received_at) if outcome else None,
    }


def received(new: NewAlert) -> Event:
    """The first event of an alert."""
    return Event(
        kind=EventKind.RECEIVED,
        at=new.received_at,
        alert_id=new.alert_id,
        account=new.jobs[0].share.account if len(new.jobs) == 1 else None,
        symbol=new.alert.symbol,
        problem=new.outcome is not None and new.outcome.status is AlertStatus.DENIED,
        facts=words(new.outcome) if new.outcome else {},
    )


def replayed(new: NewAlert) -> Iterator[Event]:
    """A replay on both timelines: each names the other alert."""
    if new.replay_of is None:
        return
    pairs = ((new.alert_id, "replay_of", new.replay_of), (new.replay_of, "replay", new.alert_id))
    for alert_id, relation, other in pairs:
        yield Event(
            kind=EventKind.REPLAYED,
            at=new.received_at,
            alert_id=alert_id,
            symbol=new.alert.symbol,
            facts={relation: other},
        )


def words(outcome: Outcome) -> dict[str, Any]:
    """The words of an outcome."""
    return {"status": outcome.status.value, "reason": outcome.reason, "detail": outcome.detail}


def order_params(intent: OrderIntent, status: OrderStatus) -> dict[str, Any]:
    """The columns of an entry or exit that its job does not share with its legs."""
    return {
        "client_order_id": intent.client_order_id,
        "role": intent.role.value,
        "side": intent.side.value,
        "order_type": intent.order_type.value,
        "limit_price": text(intent.limit_price),
        "stop_price": text(intent.stop_price),
        "multiplier": text(intent.multiplier),
        "status": status.value,
        "parent": intent.parent,
        "strategy": intent.strategy,
        "guarded": intent.guard is not None or intent.role.protects,
        "intent": INTENT.dump(intent),
    }


def leg_params(intent: OrderIntent, role: OrderRole, leg: Leg) -> dict[str, Any]:
    """The columns of a protective leg; its price is known once its entry has filled."""
    return {
        "client_order_id": leg.client_order_id,
        "role": role.value,
        "side": leg_side(intent).value,
        "order_type": leg_type(leg.level, role).value,
        "limit_price": None,
        "stop_price": None,
        "multiplier": text(intent.multiplier),
        "status": OrderStatus.NEW.value,
        "parent": intent.client_order_id,
        "strategy": intent.strategy,
        "guarded": intent.role.protects,
        "intent": None,
    }


def event_params(event: Event) -> dict[str, Any]:
    """The columns of an event."""
    return {
        "at": to_db(event.at),
        "kind": event.kind.value,
        "alert_id": event.alert_id,
        "account": event.account,
        "symbol": event.symbol,
        "client_order_id": event.client_order_id,
        "problem": event.problem,
        "facts": json.dumps(event.facts, default=_plain, separators=(",", ":")),
    }


def heard_alert(row: Row) -> HeardAlert:
    """An alert that came."""
    return HeardAlert(
        alert_id=row["id"],
        received_at=from_db(row["received_at"]),
        account=row["account"],
        alert=ALERT.load(row["alert"]),
    )


def event_of_row(row: Row) -> Event:
    """The event of a row."""
    return Event(
        kind=EventKind(row["kind"]),
        at=from_db(row["at"]),
        alert_id=row["alert_id"],
        account=row["account"],
        symbol=row["symbol"],
        client_order_id=row["client_order_id"],
        problem=bool(row["problem"]),
        facts=json.loads(row["facts"]),
    )


def order_record(row: Row) -> OrderRecord:
    """The order of a row."""
    return OrderRecord(
        client_order_id=row["client_order_id"],
        broker_order_id=row["broker_order_id"],
        alert_id=row["alert_id"],
        job_id=row["job_id"],
        account=row["account"],
        symbol=row["symbol"],
        instrument=row["instrument"],
        lane=row["lane"],
        part=row["part"],
        role=OrderRole(row["role"]),
        side=Side(row["side"]),
        order_type=OrderType(row["order_type"]),
        quantity=Decimal(row["quantity"]),
        filled_quantity=Decimal(row["filled_quantity"]),
        average_price=decimal(row["average_price"]),
        limit_price=decimal(row["limit_price"]),
        stop_price=decimal(row["stop_price"]),
        multiplier=Decimal(row["multiplier"]),
        status=OrderStatus(row["status"]),
        reason=row["reason"],
        parent=row["parent"],
        strategy=row["strategy"],
        submitted_at=from_db(row["submitted_at"]) if row["submitted_at"] is not None else None,
        updated_at=from_db(row["updated_at"]),
        triggered_at=from_db(row["triggered_at"]) if row["triggered_at"] is not None else None,
        guarded=bool(row["guarded"]),
    )


def stake_of(row: Row) -> Stake:
    """The stake of a row."""
    return Stake(
        account=row["account"],
        instrument=row["instrument"],
        strategy=row["strategy"],
        quantity=Decimal(row["quantity"]),
        stopped=Direction(row["stopped"]) if row["stopped"] else None,
        at=from_db(row["at"]),
    )


def stake_params(stake: Stake, now: int) -> dict[str, Any]:
    """The columns of a stake; zero is written in one way only, as it is asked for."""
    return {
        "account": stake.account,
        "instrument": stake.instrument,
        "strategy": stake.strategy,
        "quantity": text(stake.quantity.normalize()),
        "stopped": stake.stopped.value if stake.stopped else None,
        "at": now if stake.at is None else to_db(stake.at),
    }


def alert_record(row: Row, outcomes: Mapping[str, Outcome] | None = None) -> AlertRecord:
    """The alert of a row."""
    status = AlertStatus(row["status"])
    outcome = (
        OUTCOME.load(row["outcome"])
        if row["outcome"]
        else Outcome(status=status, reason=row["reason"], detail=row["detail"])
    )
    return AlertRecord(
        alert_id=row["id"],
        alert=ALERT.load(row["alert"]),
        received_at=from_db(row["received_at"]),
        status=status,
        outcome=outcome,
        account=row["account"],
        request_id=row["request_id"],
        raw=row["raw"],
        outcomes=outcomes or {},
    )


def _plain(value: object) -> str:
    """A fact as text; decimals without exponent and trailing zeros."""
    if not isinstance(value, Decimal):
        return str(value)
    plain = f"{value:f}"
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


def fill_of(row: Row) -> Fill:
    """The fill of a row."""
    return Fill(
        fill_id=row["fill_id"],
        client_order_id=row["client_order_id"],
        symbol=row["symbol"],
        side=Side(row["side"]),
        quantity=Decimal(row["quantity"]),
        price=Decimal(row["price"]),
        fee=Decimal(row["fee"]),
        at=from_db(row["at"]),
    )


def fill_record(row: Row) -> FillRecord:
    """The fill of a row, with what it belongs to."""
    return FillRecord(
        number=row["id"],
        account=row["account"],
        instrument=row["instrument"],
        strategy=row["strategy"],
        alert_id=row["alert_id"],
        multiplier=Decimal(row["multiplier"]),
        fill=fill_of(row),
    )


def text(number: Decimal | None) -> str | None:
    """A decimal as plain text."""
    return None if number is None else f"{number:f}"


def decimal(text: str | None) -> Decimal | None:
    """The decimal of a text."""
    return None if text is None else Decimal(text)
