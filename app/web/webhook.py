"""The webhook: bytes become alerts, alerts are admitted, the sender hears of it in milliseconds."""

from collections.abc import Sequence

from flask import Blueprint, Response, request

from app.domain.alert import Alert
from app.domain.errors import MalformedAlert
from app.engine.intake import Intake, Submission
from app.ports.clock import Clock
from app.web import answers
from app.web.alert_body import EXAMPLES, AlertBody
from app.web.alert_fields import parse_alert
from app.web.auth import Guard, Keyring, digest_of
from app.web.described import described
from app.web.errors import request_id
from app.web.payloads import canonical
from app.web.receipts import answer_receipts, idempotency_key
from app.web.veil import Veil


def webhook_blueprint(
    intake: Intake, keyring: Keyring, guard: Guard, veil: Veil, clock: Clock
) -> Blueprint:
    """`POST /webhook` and `POST /webhook/<token>`."""
    blueprint = Blueprint("webhook", __name__)

    @blueprint.post("/webhook", defaults={"token": None})
    @blueprint.post("/webhook/<path:token>")
    @described(
        "Take in an alert, or several",
        answers.FinalResults | answers.FinalResult | answers.Receipt | answers.Receipts,
        answers={202: answers.Receipt | answers.Receipts},
        body=AlertBody | list[AlertBody],
        examples=EXAMPLES,
        text=True,
        errors=(409,),
        headers=("Idempotency-Key",),
        waits=True,
    )
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
                    header=idempotency_key(),
                    part=f"#{index}" if body.listed else "",
                )
                for index, (element, alert) in enumerate(alerts)
            ]
        )
        return answer_receipts(intake, receipts, several=body.listed)

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
