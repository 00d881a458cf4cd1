"""What became of an alert, as JSON: the final result of interface and timeline."""

from decimal import Decimal
from typing import overload

from app.domain.outcome import Outcome
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
    """A decimal as plain text, without exponent, trailing zeros and the sign of nothing."""
    if value is None:
        return None
    plain = f"{value:f}" if value else "0"
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


def final_results(
    record: AlertRecord, *, duplicate: bool
) -> answers.FinalResult | answers.FinalResults:
    """The final result of an alert; of several accounts, with one for each of them."""
    whole = final_result(record, record.account, record.outcome, duplicate=duplicate)
    if not record.outcomes:
        return whole
    return {**whole, "results": results_by_account(record, duplicate=duplicate)}


def results_by_account(record: AlertRecord, *, duplicate: bool) -> list[answers.FinalResult]:
    """How an alert stands on each of its accounts, when it has several."""
    return [
        final_result(record, account, outcome, duplicate=duplicate)
        for account, outcome in record.outcomes.items()
    ]


def final_result(
    record: AlertRecord, account: str | None, outcome: Outcome, *, duplicate: bool
) -> answers.FinalResult:
    """What became of an alert on an account."""
    sent = record.alert.sent
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
        "account": account,
        "reason": outcome.reason,
        "detail": outcome.detail,
        "duplicate": duplicate,
    }
