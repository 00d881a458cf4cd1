"""What must become of the alerts of a calm symbol, whose price reaches no stop and no target."""

import json
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

Row = dict[str, Any]
Placed = tuple[str, str, Decimal]
"""Role, side and quantity of an order."""


def held_after(lane: Sequence[Row], orders: Mapping[str, Sequence[Row]]) -> Decimal:
    """Hold each alert of a lane, and its orders, against what it found; what is held in the end."""
    held = Decimal(0)
    for place, alert in enumerate(lane):
        own = orders.get(alert["id"], ())
        if alert["reason"] == "CANCELED_BY_EXIT":
            assert _exit_came(alert, lane[place + 1 :]), (held, alert)
            after = held + sum(map(_change, own), Decimal(0))
            assert after in (held, Decimal(0)), (held, after, alert, own)
            held = after
            continue
        if _overtaken(alert, own, lane[place + 1 :]):
            continue
        word, wanted, after = _outcome(fields_of(alert), held)
        told = alert["reason"] or alert["status"]
        assert (told, sorted(map(_placed, own))) == (word, sorted(wanted)), (held, alert, own)
        held = after
    return held


def _came_before_its_end(alert: Row, later: Sequence[Row]) -> list[str]:
    came = [each for each in later if each["received_at"] <= alert["finished_at"]]
    return [fields_of(each)["action"] for each in came]


def _exit_came(alert: Row, later: Sequence[Row]) -> bool:
    """Whether a later alert may have closed before the end of an entry that waits: it goes first.

    A purchase closes as well, where something is sold short: it turns the position.
    """
    return bool(_came_before_its_end(alert, later))


def _overtaken(alert: Row, own: Sequence[Row], later: Sequence[Row]) -> bool:
    """Whether a close was in doubt, and a later one, which need not wait, had closed meanwhile."""
    closes = fields_of(alert)["action"] == "close" and alert["reason"] == "NO_POSITION"
    came = _came_before_its_end(alert, later)
    return closes and bool(own) and not any(map(_change, own)) and "close" in came


def _outcome(fields: Row, held: Decimal) -> tuple[str, list[Placed], Decimal]:
    """The word of an alert, its orders, and what is held after it."""
    if fields["action"] == "close":
        return ("success" if held else "NO_POSITION"), _close_of(held), Decimal(0)
    side = fields["action"]
    sign = 1 if side == "buy" else -1
    if held * sign > 0:
        return ("ALREADY_LONG" if held > 0 else "ALREADY_SHORT"), [], held
    quantity = Decimal(fields["quantity"])
    rests = fields.get("order_type") == "limit"
    after = Decimal(0) if rests else sign * quantity
    return "success", [*_close_of(held), ("entry", side, quantity)], after


def _close_of(held: Decimal) -> list[Placed]:
    return [("exit", "sell" if held > 0 else "buy", abs(held))] if held else []


def _placed(order: Row) -> Placed:
    return order["role"], order["side"], Decimal(order["quantity"])


def _change(order: Row) -> Decimal:
    """What an order has changed in the position."""
    return Decimal(order["filled_quantity"]) * (1 if order["side"] == "buy" else -1)


def fields_of(alert: Row) -> Row:
    """The body of an alert."""
    fields: Row = json.loads(alert["raw"])
    return fields
