"""What became of an alert, as JSON: the final result of interface and timeline."""

from decimal import Decimal

from app.ports.journal import AlertRecord


def number(value: Decimal | None) -> int | float | None:
    """A decimal as a JSON number; whole ones without a fraction."""
    if value is None:
        return None
    return int(value) if value == value.to_integral_value() else float(value)


def text(value: Decimal | None) -> str | None:
    """A decimal as plain text, without exponent and trailing zeros."""
    if value is None:
        return None
    plain = f"{value:f}"
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


def final_result(record: AlertRecord, *, duplicate: bool) -> dict[str, object]:
    """The final result of an alert."""
    outcome, sent = record.outcome, record.alert.sent
    return {
        "status": outcome.status.value,
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
