"""What requests may hold: query parameters and JSON bodies, checked before anything is done.

A parameter or body that does not fit is answered 422 with the name of what is wrong. Numbers are
read as decimals, never as floats, and written in plain notation, as a number or as a text.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from enum import StrEnum
from http import HTTPStatus
from typing import Annotated, Any, TypeVar, cast, overload

from flask import request
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PlainValidator,
    StrictBool,
    TypeAdapter,
    ValidationInfo,
    WithJsonSchema,
)
from pydantic_core import PydanticCustomError

from app.domain.errors import MalformedAlert
from app.domain.events import EventKind
from app.domain.instrument import Ticker
from app.domain.order import Level, LevelKind, OrderStatus, Side
from app.domain.outcome import AlertStatus
from app.domain.session import SessionPolicy, WhenClosed
from app.domain.strategy import AfterStop, Sides, Sizing, Strategy, Sync
from app.engine.accounts import Accounts
from app.ports.recent import LogLevel
from app.web.errors import ApiError
from app.web.instruments import LONGEST_SYMBOL
from app.web.moments import FUTURE_TOLERANCE, moment_of
from app.web.readers import number_of
from app.web.strict_json import JsonObject, Refused, read

FEWEST, MOST = 1, 200
"""Items on a page; a limit beyond is taken for the nearest of the two."""
LONGEST_REASON = 200
LONGEST_CODE = 4096
"""Of a code that a login ends with: it is a signed text."""
EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)

Model = TypeVar("Model", bound=BaseModel)


def _positive(value: object) -> Decimal:
    try:
        number = number_of("number", value)
    except MalformedAlert:
        number = Decimal(0)
    if number <= 0:
        raise PydanticCustomError("positive", "must be a positive number, such as 12.5 or '12.5'")
    return number


def _ticker(value: object) -> Ticker:
    text = value if isinstance(value, str) and len(value) <= LONGEST_SYMBOL else ""
    ticker = Ticker.parse(text)
    if not ticker.key or not text.isprintable():
        raise PydanticCustomError("symbol", "must be a symbol, such as AAPL or BINANCE:BTCUSDT")
    return ticker


def _level(value: object) -> Level:
    """A price, `"2%"`, or `{"percent": 2}` with the kind of level as its one name."""
    kind: str = LevelKind.PRICE
    number: object = value
    if isinstance(value, Mapping):
        pairs = cast("Mapping[str, object]", value).items()
        kind, number = next(iter(pairs)) if len(pairs) == 1 else ("", None)
    elif isinstance(value, str) and value.endswith("%"):
        kind, number = LevelKind.PERCENT, value[:-1].rstrip()
    try:
        return Level(LevelKind(kind), _positive(number))
    except ValueError:
        words = "must be a price such as 180.5, or '2%', or one of percent, price, offset by name"
        raise PydanticCustomError("level", words) from None


def _account(value: object, info: ValidationInfo) -> str:
    """The name of an account that there is, as it is written there."""
    accounts = cast("Mapping[str, Accounts]", info.context)["accounts"]
    account = accounts.get(value) if isinstance(value, str) else None
    if account is None:
        words = "must be one of {names}"
        raise PydanticCustomError("account", words, {"names": ", ".join(accounts.names)})
    return account.name


def _shares(value: object, info: ValidationInfo) -> str:
    """The accounts of a row with their shares, as they are written there."""
    accounts = cast("Mapping[str, Accounts]", info.context)["accounts"]
    try:
        return accounts.listed(value if isinstance(value, str) else "")
    except ValueError as error:
        raise PydanticCustomError("shares", "{why}", {"why": str(error)}) from None


def _moment(value: object, info: ValidationInfo) -> datetime:
    """A time of which quotes may be: now, or before."""
    now = cast("Mapping[str, datetime]", info.context)["now"]
    moment = moment_of(value)
    if moment is None:
        raise PydanticCustomError("time", "must be a time: ISO 8601, or seconds since 1970")
    if moment > now + FUTURE_TOLERANCE:
        raise PydanticCustomError("future", "must not lie in the future")
    return moment


def _when(value: object) -> datetime:
    """A time of which something may be asked; one beyond is taken for the nearest."""
    moment = moment_of(value)
    if moment is None:
        raise PydanticCustomError("time", "must be a time: ISO 8601, or seconds since 1970")
    return min(max(moment, EARLIEST), LATEST)


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def _on_a_page(limit: int) -> int:
    return min(max(limit, FEWEST), MOST)


def _shown_as(schema: dict[str, Any]) -> WithJsonSchema:
    return WithJsonSchema(schema, mode="validation")


POSITIVE: dict[str, Any] = {
    "anyOf": [
        {"type": "number", "exclusiveMinimum": 0},
        {"type": "string", "pattern": r"^[0-9]*[1-9][0-9]*(\.[0-9]+)?$"},
    ],
    "description": "a positive number, also as a text",
    "examples": [12.5, "12.5"],
}
LEVEL: dict[str, Any] = {
    "anyOf": [
        *POSITIVE["anyOf"],
        {"type": "string", "pattern": "^[1-9][0-9]?%$"},
        {
            "type": "object",
            "properties": {kind.value: {"anyOf": POSITIVE["anyOf"]} for kind in LevelKind},
            "minProperties": 1,
            "maxProperties": 1,
            "additionalProperties": False,
        },
    ],
    "description": 'a price, `"2%"` of the average fill, or `{"percent"|"price"|"offset": 2}`',
    "examples": [180.5, "2%", {"offset": 3}],
}

A_TIME: dict[str, Any] = {"type": ["string", "number"], "examples": ["2026-11-20T15:30:00Z"]}

Moment = Annotated[datetime, PlainValidator(_when), _shown_as(A_TIME)]
Word = Annotated[str, BeforeValidator(_lower)]
AccountName = Annotated[str, PlainValidator(_account), _shown_as({"type": "string"})]
ShareList = Annotated[
    str,
    PlainValidator(_shares),
    _shown_as({"type": "string", "examples": ["paper", "paper, second*0.5, third=$2000"]}),
]
Positive = Annotated[Decimal, PlainValidator(_positive), _shown_as(POSITIVE)]
Protection = Annotated[Level, PlainValidator(_level), _shown_as(LEVEL)]
Symbol = Annotated[
    Ticker,
    PlainValidator(_ticker),
    _shown_as({"type": "string", "maxLength": LONGEST_SYMBOL, "examples": ["AAPL"]}),
]
SeenAt = Annotated[datetime, PlainValidator(_moment), _shown_as(A_TIME)]


class Query(BaseModel):
    """Query parameters; others, and empty ones, are ignored."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)


class PageQuery(Query):
    """Which page of a list. A filter that the list does not know is refused, not ignored."""

    model_config = ConfigDict(extra="forbid")

    limit: Annotated[int, AfterValidator(_on_a_page)] = 50
    cursor: str | None = None


class SpanQuery(PageQuery):
    """Of which time: `since` is inclusive, `until` is not."""

    since: Moment | None = None
    until: Moment | None = None


class AlertsQuery(SpanQuery):
    """Which alerts, by the time of their receipt."""

    symbol: str | None = None
    status: Annotated[AlertStatus, BeforeValidator(_lower)] | None = None
    account: Word | None = None
    strategy: str | None = None


class LoginQuery(Query):
    """Which account."""

    account: Annotated[
        str | None, Field(description="an account; without it the first one that wants a login")
    ] = None


class CallbackQuery(Query):
    """What the broker sends the browser back with; it may send more."""

    state: Annotated[
        str, Field(max_length=LONGEST_CODE, description="the state that the login was begun with")
    ]
    auth_code: Annotated[
        str, Field(max_length=LONGEST_CODE, description="the code that a token is made of")
    ] = ""


class ReplayQuery(Query):
    """How an alert is traded once more."""

    dry_run: bool = False


class OrdersQuery(PageQuery):
    """Which orders."""

    symbol: str | None = None
    status: Annotated[OrderStatus, BeforeValidator(_lower)] | None = None
    account: Word | None = None
    alert_id: str | None = None


class FillsQuery(SpanQuery):
    """Which fills, by their time at the broker."""

    account: Word | None = None
    symbol: str | None = None
    strategy: str | None = None
    alert_id: str | None = None
    client_order_id: str | None = None
    side: Annotated[Side, BeforeValidator(_lower)] | None = None


class Form(StrEnum):
    """How a list may be written."""

    JSON = "json"
    CSV = "csv"


class TradesQuery(SpanQuery):
    """Which closed trades, by the time of their exit; `strategy` is that of the entry."""

    account: Word | None = None
    symbol: str | None = None
    strategy: str | None = None
    alert_id: str | None = None
    format: Annotated[Form, BeforeValidator(_lower)] | None = None


class EquityQuery(SpanQuery):
    """Which days of which account."""

    account: Word | None = None
    format: Annotated[Form, BeforeValidator(_lower)] | None = None


class OrderLogQuery(SpanQuery):
    """Which events."""

    account: Word | None = None
    symbol: str | None = None
    alert_id: str | None = None
    client_order_id: str | None = None
    event: Annotated[EventKind, BeforeValidator(_lower)] | None = None
    problem: bool | None = None


class LogsQuery(SpanQuery):
    """Which lines of the log: of this level or worse, of a logger and what is below it."""

    level: Annotated[LogLevel, BeforeValidator(_lower)] | None = None
    logger: str | None = None
    alert_id: str | None = None
    text: str | None = None


class CancelQuery(Query):
    """How an order is canceled."""

    force: bool = False


class PositionsQuery(Query):
    """Which positions."""

    account: AccountName | None = None


class PerformanceQuery(Query):
    """`account`: that one only. `refresh`: count anew from the first fill before."""

    account: AccountName | None = None
    refresh: bool = False


class Body(BaseModel):
    """A JSON body; a name that is not known is refused."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)


class StrategyBody(Body):
    """The columns of a playbook row. What is left out has its default."""

    position_size: Positive | None = None
    sizing_type: Annotated[Sizing, BeforeValidator(_lower)] = Sizing.NOTIONAL
    active: StrictBool = True
    account: ShareList | None = None
    sides: Annotated[Sides, BeforeValidator(_lower)] | None = None
    stop_loss: Protection | None = None
    take_profit: Protection | None = None
    pyramiding: StrictBool = False
    max_quantity: Positive | None = None
    shared: StrictBool = False
    sync: Annotated[Sync, BeforeValidator(_lower)] = Sync.RESYNC
    after_stop: Annotated[AfterStop, BeforeValidator(_lower)] = AfterStop.SKIP
    session_policy: Annotated[SessionPolicy, BeforeValidator(_lower)] | None = None
    when_closed: Annotated[WhenClosed, BeforeValidator(_lower)] = WhenClosed.DENY
    emulated_stop: StrictBool = False

    def row(self, symbol: str, timeframe: str) -> Strategy:
        """The row of a key."""
        return Strategy(symbol=symbol, timeframe=timeframe, **dict(self))


class QuoteBody(Body):
    """A price that was seen; without `at` it is seen now."""

    symbol: Symbol
    price: Positive
    at: SeenAt | None = None


class FlattenBody(Body):
    """What is to go: all that is ours, or that of one account or symbol."""

    account: AccountName | None = None
    symbol: Symbol | None = None
    dry_run: StrictBool = False


class LoginBody(Body):
    """An account that wants a login; without it the first one."""

    account: Annotated[str, Field(max_length=LONGEST_CODE)] | None = None


class CodeBody(LoginBody):
    """What a login ended with."""

    auth_code: Annotated[str, Field(min_length=1, max_length=LONGEST_CODE)]


class KillSwitchBody(Body):
    """Why entries are stopped."""

    reason: Annotated[str, Field(max_length=LONGEST_REASON)] = ""


QuoteList = Annotated[list[QuoteBody], Field(min_length=1)]

_QUOTES = TypeAdapter(QuoteList)


def read_query(model: type[Model], **context: object) -> Model:
    """The query parameters of this request."""
    given = {name: text for name, text in request.args.items() if text}
    return model.model_validate(given, context=context)


def read_body(model: type[Model], **context: object) -> Model:
    """The JSON body of this request; none at all counts as an empty object."""
    return model.model_validate(_document(request.get_data() or b"{}"), context=context)


def read_quotes(now: datetime) -> list[QuoteBody]:
    """The quotes of this request: one, or a list of which an error names the element."""
    document = _document(request.get_data())
    if isinstance(document, list):
        return _QUOTES.validate_python(document, context={"now": now})
    return [QuoteBody.model_validate(document, context={"now": now})]


@overload
def utc(moment: datetime) -> str: ...
@overload
def utc(moment: datetime | None) -> str | None: ...
def utc(moment: datetime | None) -> str | None:
    """A time as answers write it."""
    if moment is None:
        return None
    return moment.astimezone(UTC).isoformat(timespec="microseconds").replace("+00:00", "Z")


def _document(body: bytes) -> object:
    try:
        return _plain(read(body.decode("utf-8-sig")))
    except (MalformedAlert, UnicodeDecodeError) as error:
        why = "the body is not UTF-8 text" if isinstance(error, UnicodeDecodeError) else str(error)
        raise ApiError(HTTPStatus.BAD_REQUEST, "malformed_request", why) from None


def _plain(value: object) -> Any:
    """What pydantic checks: dicts, in which no name occurs twice."""
    if isinstance(value, Refused):
        raise MalformedAlert(value.why)
    if isinstance(value, list):
        return [_plain(item) for item in cast("list[object]", value)]
    if not isinstance(value, JsonObject):
        return value
    pairs = {name: _plain(item) for name, item in value.pairs}
    if len(pairs) < len(value.pairs):
        raise MalformedAlert("a name occurs twice in an object")
    return pairs
