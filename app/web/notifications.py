"""Notifications: how each address stands, and what was given up."""

from flask import Blueprint, Response, jsonify

from app.ports.outbox import DeadLetter, Outbox, Standing
from app.web import answers
from app.web.described import described
from app.web.schemas import utc

MOST = 200


def notifications_blueprint(outbox: Outbox) -> Blueprint:
    """`/api/v1/notifications`."""
    blueprint = Blueprint("notifications", __name__, url_prefix="/api/v1")

    @blueprint.get("/notifications")
    @described(
        "How each address of NOTIFY_URLS stands, and what was given up, newest first",
        answers.Notifications,
    )
    def standings() -> Response:
        sinks = [_shown_sink(standing) for standing in outbox.standings()]
        dead = [_shown_letter(letter) for letter in outbox.dead_letters(MOST)]
        return jsonify({"sinks": sinks, "dead_letters": dead})

    return blueprint


def _shown_sink(standing: Standing) -> answers.SinkRow:
    return {
        "sink": standing.sink,
        "title": standing.letter.title if standing.letter is not None else None,
        "tries": standing.tries,
        "error": standing.error,
        "sent_at": utc(standing.sent_at) if standing.sent_at is not None else None,
        "next_at": utc(standing.not_before) if standing.tries else None,
    }


def _shown_letter(dead: DeadLetter) -> answers.DeadLetterRow:
    return {
        "id": dead.number,
        "sink": dead.sink,
        "at": utc(dead.at),
        "title": dead.letter.title,
        "text": dead.letter.text,
        "events": dead.letter.events,
        "tries": dead.tries,
        "error": dead.error,
    }
