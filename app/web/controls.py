"""Controls: the kill switch, and prices for the accounts that live on ours."""

from flask import Blueprint, Response, jsonify

from app.engine.kill_switch import KillSwitch
from app.engine.quote_desk import QuoteDesk
from app.ports.clock import Clock
from app.ports.journal import KillState
from app.web import answers
from app.web.described import described
from app.web.schemas import KillSwitchBody, QuoteBody, QuoteList, read_body, read_quotes, utc


def controls_blueprint(kill_switch: KillSwitch, quotes: QuoteDesk, clock: Clock) -> Blueprint:
    """`/api/v1/kill-switch` and `/api/v1/quotes`."""
    blueprint = Blueprint("controls", __name__, url_prefix="/api/v1")

    @blueprint.get("/kill-switch")
    @described("Whether entries are stopped", answers.KillSwitch)
    def state() -> Response:
        return _shown(kill_switch.state())

    @blueprint.post("/kill-switch")
    @described(
        "Stop entries now; protection, exits and cancels go on",
        answers.KillSwitch,
        body=KillSwitchBody,
        needs_body=False,
        examples={"with a reason": {"reason": "the news"}},
        errors=(422,),
    )
    def stop() -> Response:
        return _shown(kill_switch.engage(read_body(KillSwitchBody).reason))

    @blueprint.delete("/kill-switch")
    @described("Allow entries again; what was denied meanwhile stays denied", answers.KillSwitch)
    def go_on() -> Response:
        return _shown(kill_switch.reset())

    @blueprint.post("/quotes")
    @described(
        "Quotes for the accounts that live on ours (paper)",
        answers.Quotes,
        body=QuoteBody | QuoteList,
        examples={
            "one": {"symbol": "AAPL", "price": 190.5},
            "several": [{"symbol": "AAPL", "price": 190.5}, {"symbol": "BTCUSD", "price": 64000}],
        },
        errors=(422,),
    )
    def quote() -> Response:
        now = clock.now()
        told = [
            quotes.note(quote.symbol, quote.price, quote.at or now) for quote in read_quotes(now)
        ]
        return jsonify({"quotes": sum(accounts > 0 for accounts in told)})

    return blueprint


def _shown(state: KillState) -> Response:
    shown: answers.KillSwitch = {
        "active": state.active,
        "reason": state.reason,
        "since": utc(state.since),
    }
    return jsonify(shown)
