"""The webhook: bytes become alerts, alerts are admitted, the sender hears of it in milliseconds."""

from collections.abc import Sequence
from contextlib import suppress
from http import HTTPStatus

from flask import Blueprint, Response, jsonify, request

from app.domain.alert import Alert
from app.domain.errors import MalformedAlert
from app.engine.intake import Intake, Receipt, Submission
from app.ports.clock import Clock
from app.web.alert_fields import parse_alert
from app.web.auth import Guard, Keyring, digest_of
from app.web.errors import error_answer, request_id
from app.web.payloads import canonical
from app.web.results import final_result
from app.web.veil import Veil

LONGEST_WAIT = 2.5
LONGEST_KEY = 200


def webhook_blueprint(
    intake: Intake, keyring: Keyring, guard: Guard, veil: Veil, clock: Clock
) -> Blueprint:
    """`POST /webhook` and `POST /webhook/<token>`."""
    blueprint = Blueprint("webhook", __name__)

    @blueprint.post("/webhook", defaults={"token": None})
    @blueprint.post("/webhook/<path:token>")
    def receive(token: str | None) -> Response:
        body = veil.read(request.get_data())
        # A secret in the URL decides alone: then names like `key` in the body mean something else.
        if not keyring.accepted((token,) if token else body.presented):
            raise guard.refusal(request.remote_addr or "", "secret")
        scope = digest_of(token).hex() if token else ""
        alerts = _alerts(body.elements or (body.error or MalformedAlert("an empty list"),), clock)
        receipts = intake.admit(
            [
                Submission(
                    alert=alert,
                    raw=body.redacted,
                    canonical=canonical(element) if isinstance(element, dict) else "",
                    scope=scope,
                    request_id=request_id(),
                    header=request.headers.get("Idempotency-Key", "")[:LONGEST_KEY] or None,
                    part=f"#{index}" if len(alerts) > 1 else "",
                )
                for index, (element, alert) in enumerate(alerts)
            ]
        )
        return _answer(intake, receipts, several=len(alerts) > 1)

    return blueprint


def _alerts(
    elements: Sequence[dict[str, object] | MalformedAlert], clock: Clock
) -> Sequence[tuple[dict[str, object] | MalformedAlert, Alert | MalformedAlert]]:
    return [(element, _alert(element, clock)) for element in elements]


def _alert(element: dict[str, object] | MalformedAlert, clock: Clock) -> Alert | MalformedAlert:
    if isinstance(element, MalformedAlert):
        return element
    try:
        return parse_alert(element, now=clock.now())
    except MalformedAlert as error:
        return error


def _answer(intake: Intake, receipts: Sequence[Receipt], *, several: bool) -> Response:
    if not several:
        return _answer_one(intake, receipts[0])
    if all(receipt.error is not None for receipt in receipts):
        return _malformed(receipts[0])
    body = {
        "status": "accepted",
        "request_id": request_id(),
        "alerts": [_element(receipt) for receipt in receipts],
    }
    answer = jsonify(body)
    answer.status_code = HTTPStatus.ACCEPTED
    return answer


def _element(receipt: Receipt) -> dict[str, object]:
    if receipt.error is not None:
        fault = {"status": "error", "code": receipt.error.code, "message": str(receipt.error)}
        return {"alert_id": receipt.alert_id, **fault}
    if receipt.conflict:
        return {"alert_id": receipt.alert_id, "status": "error", "code": "conflicting_alert"}
    return {
        "alert_id": receipt.alert_id,
        "status": "accepted",
        "duplicate": receipt.duplicate,
    }


def _answer_one(intake: Intake, receipt: Receipt) -> Response:
    if receipt.error is not None:
        return _malformed(receipt)
    if receipt.conflict:
        words = "this id was used before, with another body"
        first = receipt.alert_id
        return error_answer(HTTPStatus.CONFLICT, "conflicting_alert", words, alert_id=first)
    seconds = _wait_seconds()
    record = intake.wait(receipt.alert_id, seconds) if seconds > 0 else None
    if record is not None and record.status.final:
        return jsonify(final_result(record, duplicate=receipt.duplicate))
    answer = jsonify(
        {
            "status": "accepted",
            "alert_id": receipt.alert_id,
            "request_id": request_id(),
            "duplicate": receipt.duplicate,
        }
    )
    answer.status_code = HTTPStatus.OK if receipt.duplicate else HTTPStatus.ACCEPTED
    return answer


def _malformed(receipt: Receipt) -> Response:
    error = receipt.error or MalformedAlert("not understood")
    return error_answer(HTTPStatus.BAD_REQUEST, error.code, str(error), alert_id=receipt.alert_id)


def _wait_seconds() -> float:
    """`?wait=S`, clamped to what TradingView's own limit allows; nonsense means not to wait."""
    with suppress(ValueError):
        seconds = float(request.args.get("wait", "0"))
        if seconds == seconds:  # noqa: PLR0124  # NaN is not equal to itself
            return min(max(seconds, 0.0), LONGEST_WAIT)
    return 0.0
