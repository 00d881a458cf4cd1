"""What became of an alert, as JSON: the final result of interface and timeline."""

from decimal import Decimal
from typing import overload

from app.ports.journal import AlertRecord
from app.web import answers


@overload
def number(value: Decimal) -> float: ...
@overload
def number(value: Decimal | None) -> float | None: ...
def number(value: Decimal | None) -> float | None:
    """A decimal as a JSON number; whole ones without a fraction."""
    if value is None:
        return None
    return int(value) if value == value.to_integral_value() else float(value)


@overload
def text(value: Decimal) -> str: ...
@overload
def text(value: Decimal | None) -> str | None: ...
def text(value: Decimal | None) -> str | None:
    """A decimal as plain text, without exponent and trailing zeros."""
    if value is None:
        return None
    plain = f"{value:f}"
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


def final_result(record: AlertRecord, *, duplicate: bool) -> answers.FinalResult:
    """The final result of an alert."""
    outcome, sent = record.outcome, record.alert.sent
    return {
        "status": outcome.status,
        "action": sent.get("action"),
        "symbol": sent.get("symbol"),
        "timeframe": sent.get("timeframe"),
        "amount": number(outcome.amount),
        "quantity": number(outcome.quantity),
        "order_id": outcome.broker_order_id,
        "client_order_id": outcome.client_order_id,
        "alert_id": record.alert_id,
        "account": record.account,
        "reason": outcome.reason,
        "detail": outcome.detail,
        "duplicate": duplicate,
    }
