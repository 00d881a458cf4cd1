"""Flatten: everything that is ours goes, now."""

from http import HTTPStatus

from flask import Blueprint, Response, jsonify

from app.engine.flatten import Findings, Flatten, Target
from app.engine.intake import Receipt
from app.engine.services import Services
from app.ports.journal import AlertRecord
from app.web import answers
from app.web.described import described
from app.web.errors import request_id
from app.web.receipts import LONGEST_WAIT, wait_seconds
from app.web.results import number
from app.web.schemas import FlattenBody, read_body


def flatten_blueprint(services: Services) -> Blueprint:
    """`/api/v1/flatten`."""
    blueprint = Blueprint("flatten", __name__, url_prefix="/api/v1")
    desk = Flatten(services.journal, services.records, services.intake)

    @blueprint.post("/flatten")
    @described(
        "Cancel our entries and close what we hold now; safe to repeat. `dry_run` only lists it",
        answers.Flattened,
        answers={202: answers.Flattened},
        body=FlattenBody,
        needs_body=False,
        examples={"look first": {"account": "paper", "dry_run": True}, "go": {"account": "paper"}},
        errors=(422,),
        waits=True,
    )
    def flatten() -> Response:
        wanted = read_body(FlattenBody, accounts=services.accounts)
        accounts = [
            account for account in services.accounts if wanted.account in (None, account.name)
        ]
        findings = desk.look(accounts, wanted.symbol)
        if wanted.dry_run:
            shown = [_target(target) for target in findings.targets]
            return jsonify(_whole(findings, shown, dry_run=True))
        receipts = desk.close(findings, request_id=request_id())
        ends = _wait(services, [receipt.alert_id for _, receipt in receipts])
        shown = [_ended(target, receipt, ends[receipt.alert_id]) for target, receipt in receipts]
        answer = jsonify(_whole(findings, shown, dry_run=False))
        done = all(record is not None and record.status.final for record in ends.values())
        answer.status_code = HTTPStatus.OK if done else HTTPStatus.ACCEPTED
        return answer

    return blueprint


def _wait(services: Services, alert_ids: list[str]) -> dict[str, AlertRecord | None]:
    """How the alerts stand when all have ended, or when the time is up."""
    clock = services.clock
    until = clock.monotonic() + wait_seconds(LONGEST_WAIT)
    return {
        alert_id: services.intake.wait(alert_id, max(until - clock.monotonic(), 0))
        for alert_id in alert_ids
    }


def _whole(
    findings: Findings, positions: list[answers.FlattenedPosition], *, dry_run: bool
) -> answers.Flattened:
    return {
        "dry_run": dry_run,
        "positions": positions,
        "foreign": [
            {"account": rest.account, "symbol": rest.symbol, "qty": number(rest.quantity)}
            for rest in findings.foreign
        ],
        "unreadable": findings.unreadable,
    }


def _target(target: Target) -> answers.FlattenedPosition:
    return {
        "account": target.account,
        "symbol": target.symbol,
        "strategy": target.strategy,
        "qty": number(target.quantity),
        "entries": len(target.entries),
        "alert_id": None,
        "duplicate": False,
        "status": None,
        "reason": "",
        "detail": "",
    }


def _ended(
    target: Target, receipt: Receipt, record: AlertRecord | None
) -> answers.FlattenedPosition:
    shown = _target(target)
    shown["alert_id"] = receipt.alert_id
    shown["duplicate"] = receipt.duplicate
    if record is not None:
        shown["status"] = record.status
        shown["reason"] = record.outcome.reason
        shown["detail"] = record.outcome.detail
    return shown
