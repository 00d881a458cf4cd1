"""The playbook's rows: what the owner wants for each symbol and timeframe."""

from http import HTTPStatus

from flask import Blueprint, Response, jsonify

from app.domain.instrument import Ticker
from app.domain.order import Level
from app.domain.strategy import Strategy, rival_of
from app.domain.timeframe import canonical_timeframe
from app.engine.accounts import Accounts
from app.ports.playbook import Playbook
from app.web import answers
from app.web.described import described
from app.web.errors import ApiError
from app.web.instruments import SYMBOL
from app.web.pages import answer
from app.web.results import number
from app.web.schemas import StrategyBody, read_body, utc

ANY_TIMEFRAME = ("-", "any")
"""How a URL writes the empty timeframe, which matches every one."""


def strategies_blueprint(playbook: Playbook, accounts: Accounts) -> Blueprint:
    """`/api/v1/strategies`."""
    blueprint = Blueprint("strategies", __name__, url_prefix="/api/v1/strategies")

    @blueprint.get("")
    @described("All rows of the playbook", answers.Strategies)
    def every() -> Response:
        return answer("strategies", [shown_strategy(row) for row in playbook.rows()])

    @blueprint.get("/<symbol>/<timeframe>")
    @described("One row", answers.Strategy, errors=(404, 422))
    def one(symbol: str, timeframe: str) -> Response:
        return jsonify(shown_strategy(_row(playbook, *_key(symbol, timeframe))))

    @blueprint.put("/<symbol>/<timeframe>")
    @described(
        "Write a row; a column that is left out has its default",
        answers.Strategy,
        body=StrategyBody,
        needs_body=False,
        examples={"a row": {"position_size": 1000, "stop_loss": "2%", "sides": "long"}},
        errors=(422,),
    )
    def put(symbol: str, timeframe: str) -> Response:
        row = read_body(StrategyBody, accounts=accounts).row(*_key(symbol, timeframe))
        rival = rival_of(row, playbook.rows(), accounts.default)
        if rival is not None:
            raise _invalid(_told(rival, rival.account or accounts.default))
        playbook.put(row)
        return jsonify(shown_strategy(_row(playbook, row.symbol, row.timeframe)))

    @blueprint.delete("/<symbol>/<timeframe>")
    @described("Delete a row; the answer is what it was", answers.Strategy, errors=(404, 422))
    def delete(symbol: str, timeframe: str) -> Response:
        row = _row(playbook, *_key(symbol, timeframe))
        playbook.delete(row.symbol, row.timeframe)
        return jsonify(shown_strategy(row))

    return blueprint


def shown_strategy(row: Strategy) -> answers.Strategy:
    """A row as every answer shows it."""
    return {
        "symbol": row.symbol,
        "timeframe": row.timeframe,
        "position_size": number(row.position_size),
        "sizing_type": row.sizing_type,
        "active": row.active,
        "account": row.account,
        "sides": row.sides,
        "stop_loss": _level(row.stop_loss),
        "take_profit": _level(row.take_profit),
        "pyramiding": row.pyramiding,
        "max_quantity": number(row.max_quantity),
        "shared": row.shared,
        "sync": row.sync,
        "after_stop": row.after_stop,
        "session_policy": row.session_policy,
        "when_closed": row.when_closed,
        "emulated_stop": row.emulated_stop,
        "order_status": row.order_status,
        "last_updated": utc(row.last_updated),
    }


def _level(level: Level | None) -> dict[str, float] | None:
    return None if level is None else {level.kind.value: number(level.value)}


def _key(symbol: str, timeframe: str) -> tuple[str, str]:
    """The key of a row, as alerts are looked up by it."""
    ticker = Ticker.parse(symbol)
    key = ticker.key
    if not ticker.is_sound or not SYMBOL.fullmatch(symbol):
        raise _invalid("symbol: must be a symbol, such as AAPL or BTCUSD")
    if timeframe.lower() in ANY_TIMEFRAME:
        return key, ""
    canonical = canonical_timeframe(timeframe)
    if canonical is None:
        raise _invalid("timeframe: must be one, such as 15m, 4h or 1d; `any` for every one")
    return key, canonical


def _row(playbook: Playbook, symbol: str, timeframe: str) -> Strategy:
    """The row of exactly this key."""
    row = playbook.find(symbol, timeframe)
    if row is None or row.timeframe != timeframe:
        raise ApiError(HTTPStatus.NOT_FOUND, "not_found", "there is no such row")
    return row


def _told(rival: Strategy, account: str) -> str:
    timeframe = rival.timeframe or ANY_TIMEFRAME[-1]
    return (
        f"shared: the row {rival.symbol}/{timeframe} is active on the account {account} too;"
        " set it in both rows, or leave one of them inactive"
    )


def _invalid(words: str) -> ApiError:
    return ApiError(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", words)
