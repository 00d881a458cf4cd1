"""Receipts: what is answered to an alert that was taken in."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from http import HTTPStatus

from flask import Response, jsonify, request

from app.domain.errors import MalformedAlert
from app.engine.intake import Intake, Receipt
from app.web import answers
from app.web.errors import error_answer, request_id
from app.web.results import final_results

LONGEST_WAIT = 2.5
LONGEST_KEY = 200


def idempotency_key() -> str | None:
    """The Idempotency-Key of this request."""
    return request.headers.get("Idempotency-Key", "")[:LONGEST_KEY] or None


def answer_receipts(intake: Intake, receipts: Sequence[Receipt], *, several: bool) -> Response:
    """What the sender of one alert, or of several in one delivery, is told.

    Several of which none was taken in are answered as the first of them would be alone.
    """
    if not several:
        return answer_receipt(intake, receipts[0])
    taken = _taken(receipts)
    if not taken:
        return answer_receipt(intake, receipts[0])
    ended = _ended(intake, receipts)
    body: answers.Receipts = {
        "status": "accepted",
        "request_id": request_id(),
        "alerts": [ended.get(receipt.alert_id) or _element(receipt) for receipt in receipts],
    }
    answer = jsonify(body)
    nothing_new = all(receipt.duplicate for receipt in taken)
    all_ended = all(receipt.alert_id in ended for receipt in taken)
    answer.status_code = HTTPStatus.OK if nothing_new or all_ended else HTTPStatus.ACCEPTED
    return answer


def _taken(receipts: Sequence[Receipt]) -> Sequence[Receipt]:
    return [receipt for receipt in receipts if receipt.error is None and not receipt.conflict]


def _ended(
    intake: Intake, receipts: Sequence[Receipt]
) -> Mapping[str, answers.FinalResult | answers.FinalResults]:
    """The final results of the alerts that end while their sender waits."""
    seconds, taken = wait_seconds(), _taken(receipts)
    if not seconds:
        return {}
    records = intake.wait_for([receipt.alert_id for receipt in taken], seconds)
    return {
        record.alert_id: final_results(record, duplicate=receipt.duplicate)
        for receipt, record in zip(taken, records, strict=True)
        if record is not None and record.status.final
    }


def _element(receipt: Receipt) -> answers.AcceptedElement | answers.RefusedElement:
    if receipt.error is not None:
        return {
            "alert_id": receipt.alert_id,
            "status": "error",
            "code": receipt.error.code,
            "message": str(receipt.error),
        }
    if receipt.conflict:
        return {"alert_id": receipt.alert_id, "status": "error", "code": "conflicting_alert"}
    return {
        "alert_id": receipt.alert_id,
        "status": "accepted",
        "duplicate": receipt.duplicate,
    }


def answer_receipt(intake: Intake, receipt: Receipt) -> Response:
    """202 and the alert's id; with `?wait=S` its end, if it ends by then."""
    if receipt.error is not None:
        return _malformed(receipt)
    if receipt.conflict:
        words = "this id was used before, with another body"
        first = receipt.alert_id
        return error_answer(HTTPStatus.CONFLICT, "conflicting_alert", words, alert_id=first)
    seconds = wait_seconds()
    record = intake.wait(receipt.alert_id, seconds) if seconds > 0 else None
    if record is not None and record.status.final:
        return jsonify(final_results(record, duplicate=receipt.duplicate))
    body: answers.Receipt = {
        "status": "accepted",
        "alert_id": receipt.alert_id,
        "request_id": request_id(),
        "duplicate": receipt.duplicate,
    }
    answer = jsonify(body)
    answer.status_code = HTTPStatus.OK if receipt.duplicate else HTTPStatus.ACCEPTED
    return answer


def _malformed(receipt: Receipt) -> Response:
    error = receipt.error or MalformedAlert("not understood")
    return error_answer(HTTPStatus.BAD_REQUEST, error.code, str(error), alert_id=receipt.alert_id)


def wait_seconds(default: float = 0.0) -> float:
    """`?wait=S`, clamped to what TradingView's own limit allows; nonsense means not to wait."""
    with suppress(ValueError):
        seconds = float(request.args.get("wait", default))
        if seconds == seconds:  # noqa: PLR0124  # NaN is not equal to itself
            return min(max(seconds, 0.0), LONGEST_WAIT)
    return 0.0
