"""Alerts: what came, what it was taken for, and why it ended as it did."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import cast

from flask import Blueprint, Response, jsonify, request

from app.domain.alert import Alert
from app.domain.decision import Denied, Plan, Refusal
from app.domain.errors import BrokerError, MalformedAlert
from app.domain.events import Event
from app.domain.order import Leg, OrderIntent
from app.domain.share import SEPARATOR, Share
from app.engine.preview import Foresight
from app.engine.replay import renewed, submission_of
from app.engine.services import Services
from app.ports.journal import AlertRecord
from app.ports.records import AlertFilter, OrderFilter
from app.web import answers
from app.web.alert_body import EXAMPLES, AlertBody
from app.web.alert_fields import parse_alert, shown_fields
from app.web.described import described
from app.web.errors import ApiError, request_id
from app.web.orders import shown_order
from app.web.pages import page_of
from app.web.payloads import Delivery
from app.web.receipts import answer_receipt, idempotency_key
from app.web.results import results_by_account, text
from app.web.schemas import MOST, AlertsQuery, ReplayQuery, read_query, utc
from app.web.veil import Veil

MILLISECOND = timedelta(milliseconds=1)


def alerts_blueprint(services: Services, veil: Veil) -> Blueprint:
    """`/api/v1/alerts` and `/api/v1/preview`."""
    blueprint = Blueprint("alerts", __name__, url_prefix="/api/v1")

    @blueprint.get("/alerts")
    @described("Alerts, newest first", answers.Alerts, query=AlertsQuery)
    def every() -> Response:
        query = read_query(AlertsQuery)
        wanted = AlertFilter(
            status=query.status,
            symbol=query.symbol,
            account=query.account,
            strategy=query.strategy,
            since=query.since,
            until=query.until,
            before=query.cursor,
            limit=query.limit,
        )
        return page_of("alerts", services.records.alerts, wanted, _shown)

    @blueprint.get("/alerts/<alert_id>")
    @described(
        "One alert: what came, its orders, its timeline",
        answers.WholeAlerts | answers.WholeAlert,
        errors=(404,),
    )
    def one(alert_id: str) -> Response:
        return jsonify(_whole(services, _stored(services, alert_id)))

    @blueprint.post("/alerts/<alert_id>/replay")
    @described(
        "Trade an alert once more, as a new one; with `dry_run` only say what it would lead to",
        answers.Preview | answers.FinalResults | answers.FinalResult | answers.Receipt,
        answers={202: answers.Receipt},
        errors=(404, 409),
        query=ReplayQuery,
        headers=("Idempotency-Key",),
        waits=True,
    )
    def replay(alert_id: str) -> Response:
        dry_run = read_query(ReplayQuery).dry_run
        record = _stored(services, alert_id)
        try:
            again = submission_of(record, request_id=request_id(), key=idempotency_key())
        except MalformedAlert as error:
            status = HTTPStatus.UNPROCESSABLE_ENTITY
            raise ApiError(status, error.code, str(error)) from None
        if dry_run:
            return _preview(services, renewed(record))
        (receipt,) = services.intake.admit([again])
        return answer_receipt(services.intake, receipt)

    @blueprint.post("/preview")
    @described(
        "What an alert would lead to now: nothing is stored or traded, no secret is needed",
        answers.Preview,
        body=AlertBody,
        examples=EXAMPLES,
        text=True,
        errors=(422,),
    )
    def preview() -> Response:
        alert = _alert_of(veil.read(request.get_data()), services.clock.now())
        return _preview(services, alert)

    return blueprint


def _stored(services: Services, alert_id: str) -> AlertRecord:
    record = services.journal.alert(alert_id)
    if record is None:
        raise ApiError(HTTPStatus.NOT_FOUND, "not_found", "there is no such alert")
    return record


def _preview(services: Services, alert: Alert) -> Response:
    shares = services.intake.shares_of(alert)
    if len(shares) == 1:
        return jsonify(_foreseen(alert, [_on_account(services.preview.look(alert, shares[0]))]))
    return jsonify(_foreseen(alert, [_on_one_of_several(services, alert, one) for one in shares]))


def _shown(record: AlertRecord) -> answers.Alert:
    return {
        "alert_id": record.alert_id,
        "received_at": utc(record.received_at),
        "status": record.status,
        "reason": record.outcome.reason,
        "detail": record.outcome.detail,
        "account": record.account,
        "fields": shown_fields(record.alert),
    }


def _whole(services: Services, record: AlertRecord) -> answers.WholeAlert | answers.WholeAlerts:
    """An alert with all that is known of it; of several accounts with the result of each."""
    whole = _told(services, record)
    if not record.outcomes:
        return whole
    return {**whole, "results": results_by_account(record, duplicate=False)}


def _told(services: Services, record: AlertRecord) -> answers.WholeAlert:
    orders = services.records.orders(OrderFilter(alert_id=record.alert_id, limit=MOST)).items
    oldest_first = list(reversed(orders))
    legs_last = sorted(oldest_first, key=lambda order: order.parent is not None)
    return {
        **_shown(record),
        "request_id": record.request_id,
        "raw": record.raw,
        "notes": list(record.alert.notes),
        "orders": [shown_order(order) for order in legs_last],
        "timeline": [
            _happening(event, record.received_at)
            for event in services.records.timeline(record.alert_id)
        ],
    }


def _happening(event: Event, received_at: datetime) -> answers.Happening:
    """An event, with the milliseconds that had passed since the alert came."""
    shown: dict[str, object] = {
        "at": utc(event.at),
        "event": event.kind,
        "ms": round((event.at - received_at) / MILLISECOND, 3),
        "problem": event.problem,
    }
    if event.account is not None:
        shown["account"] = event.account
    if event.client_order_id is not None:
        shown["client_order_id"] = event.client_order_id
    shown |= {name: value for name, value in event.facts.items() if name not in shown}
    return cast("answers.Happening", shown)


def _alert_of(delivery: Delivery, now: datetime) -> Alert:
    """The one alert of a body, read as the webhook reads it."""
    if delivery.error is not None:
        raise delivery.error
    if len(delivery.elements) != 1:
        words = "a preview is of one alert at a time"
        raise ApiError(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", words)
    element = delivery.elements[0]
    if isinstance(element, MalformedAlert):
        raise element
    return parse_alert(element, now=now)


def _foreseen(alert: Alert, looks: Sequence[answers.AccountPreview]) -> answers.Preview:
    """What an alert would lead to; of several accounts all intents, and the first of the rest."""
    whole = {name: value for look in reversed(looks) for name, value in look.items()}
    answer = cast("answers.Preview", {"fields": shown_fields(alert), **whole})
    if len(looks) > 1:
        answer["account"] = SEPARATOR.join(look["account"] for look in looks)
        answer["intents"] = [intent for look in looks for intent in look.get("intents", ())]
        answer["results"] = list(looks)
    return answer


def _on_one_of_several(services: Services, alert: Alert, share: Share) -> answers.AccountPreview:
    """An account that cannot be read does not hold the others back."""
    try:
        return _on_account(services.preview.look(alert, share))
    except BrokerError as error:
        denied: answers.Refusal = {"reason": error.code.upper(), "detail": str(error)}
        return {"account": share.account, "denied": denied}


def _on_account(foresight: Foresight) -> answers.AccountPreview:
    signal, plan = foresight.signal, foresight.decision
    answer: answers.AccountPreview = {"account": foresight.account}
    if signal is not None:
        answer["signal"] = {
            "asset_class": signal.asset_class,
            "trade_type": signal.trade_type,
            "side": signal.side,
        }
    if foresight.queued is not None:
        answer["queued"] = {
            "until": utc(foresight.queued.until),
            "detail": foresight.queued.detail,
        }
    if not isinstance(plan, Plan):
        answer["denied"] = _refused(plan)
        return answer
    orders = (foresight.close, plan.entry)
    answer["intents"] = [_intent(order) for order in orders if isinstance(order, OrderIntent)]
    refusals = [_refused(order) for order in orders if isinstance(order, Denied)]
    if refusals:
        answer["denied"] = refusals[0]
    return answer


def _refused(refusal: Refusal) -> answers.Refusal:
    return {"reason": refusal.reason, "detail": refusal.detail}


def _intent(intent: OrderIntent) -> answers.Intent:
    shown: dict[str, object] = {
        "account": intent.account,
        "symbol": intent.symbol,
        "role": intent.role,
        "side": intent.side,
        "quantity": text(intent.quantity),
        "order_type": intent.order_type,
        "limit_price": text(intent.limit_price),
        "stop_price": text(intent.stop_price),
        "trail": text(intent.trail),
        "time_in_force": intent.time_in_force,
        **{role.value: _level(leg) for role, leg in intent.legs},
    }
    given = {name: value for name, value in shown.items() if value is not None}
    return cast("answers.Intent", given)


def _level(leg: Leg) -> dict[str, str | None]:
    return {leg.level.kind.value: text(leg.level.value)}
