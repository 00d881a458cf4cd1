"""What answers hold: the forms that the views build and that the OpenAPI document shows.

They are dicts to Python, checked by the type checkers only: an answer costs no validation.
"""

from typing import Annotated, Literal, NotRequired

from pydantic import ConfigDict, Field, with_config
from typing_extensions import TypedDict

from app.domain.decision import TradeType
from app.domain.events import EventKind
from app.domain.instrument import AssetClass
from app.domain.order import OrderRole, OrderStatus, OrderType, Side
from app.domain.outcome import AlertStatus
from app.domain.position import Direction
from app.domain.session import SessionPolicy, WhenClosed
from app.domain.strategy import AfterStop, Sides, Sizing, Sync
from app.engine.token_manager import Standing

Moment = Annotated[str, Field(json_schema_extra={"format": "date-time"})]
"""ISO 8601 with microseconds, UTC."""
DecimalText = Annotated[str, Field(pattern=r"^-?[0-9]+(\.[0-9]+)?$", examples=["12.5"])]
"""A decimal number as text, exact."""
Number = float
Cursor = str | None


class Error(TypedDict):
    """Every error. `code` is stable; `message` is for people."""

    status: Literal["error"]
    code: str
    message: str
    request_id: str
    alert_id: NotRequired[str]


class Receipt(TypedDict):
    """An alert was taken in; `duplicate`: it was here before, under this id."""

    status: Literal["accepted"]
    alert_id: str
    request_id: str
    duplicate: bool


class AcceptedElement(TypedDict):
    """One alert of a delivery, taken in."""

    alert_id: str
    status: Literal["accepted"]
    duplicate: bool


class RefusedElement(TypedDict):
    """One alert of a delivery that was not understood, or whose id came before."""

    alert_id: str
    status: Literal["error"]
    code: str
    message: NotRequired[str]


class FinalResult(TypedDict):
    """What became of an alert."""

    status: AlertStatus
    action: str | None
    symbol: str | None
    timeframe: str | None
    amount: Number | None
    quantity: Number | None
    order_id: str | None
    client_order_id: str | None
    alert_id: str
    account: str | None
    reason: str
    detail: str
    duplicate: bool


class FinalResults(FinalResult):
    """What became of an alert on several accounts: on each, and the most telling word of all."""

    results: list[FinalResult]


class Receipts(TypedDict):
    """Several alerts of one delivery, in their order.

    200: all have ended that were taken in, or none of them is new. Who waits is told of each that
    ended what became of it.
    """

    status: Literal["accepted"]
    request_id: str
    alerts: list[FinalResults | FinalResult | AcceptedElement | RefusedElement]


class Order(TypedDict):
    """An order; decimals are texts. `parent`: the entry of a protective leg.

    `foreign`: somebody placed it at the broker himself. It is shown while it works there, under
    the ids that it has there, and is never touched; what only ours have is `null`.
    """

    client_order_id: str
    broker_order_id: str | None
    alert_id: str | None
    account: str
    symbol: str
    side: Side
    quantity: DecimalText
    filled_quantity: DecimalText
    order_type: OrderType
    limit_price: DecimalText | None
    stop_price: DecimalText | None
    average_price: DecimalText | None
    role: OrderRole | None
    status: OrderStatus
    reason: str
    parent: str | None
    submitted_at: Moment | None
    updated_at: Moment | None
    foreign: bool


class Fill(TypedDict):
    """A part of an order that was executed."""

    fill_id: str
    quantity: DecimalText
    price: DecimalText
    fee: DecimalText
    at: Moment


class WholeOrder(Order):
    """An order with its protective legs and its fills."""

    legs: list[Order]
    fills: list[Fill]


class Orders(TypedDict):
    """A page of orders."""

    orders: list[Order]
    next_cursor: Cursor


class FillRow(TypedDict):
    """A fill with what it belongs to."""

    fill_id: str
    client_order_id: str
    alert_id: str
    strategy: str
    account: str
    symbol: str
    instrument: str
    side: Side
    quantity: DecimalText
    price: DecimalText
    fee: DecimalText
    multiplier: DecimalText
    at: Moment


class Fills(TypedDict):
    """A page of fills."""

    fills: list[FillRow]
    next_cursor: Cursor


class Trade(TypedDict):
    """A closed trade; its quantity is positive, its side tells the rest.

    `mae` and `mfe`: what it would have brought at the worst and the best price that was seen.
    """

    trade_id: str
    account: str
    symbol: str
    instrument: str
    side: Direction
    quantity: DecimalText
    entry_price: DecimalText
    exit_price: DecimalText
    entered_at: Moment
    exited_at: Moment
    multiplier: DecimalText
    fees: DecimalText
    pnl: DecimalText
    mae: DecimalText
    mfe: DecimalText
    strategy: str
    exit_strategy: str
    entry_alert_id: str
    exit_alert_id: str


class Trades(TypedDict):
    """A page of closed trades."""

    trades: list[Trade]
    next_cursor: Cursor


class Day(TypedDict):
    """A day of an account's equity curve."""

    account: str
    day: str
    trades: int
    realised: DecimalText
    fees: DecimalText
    cumulative: DecimalText
    equity: DecimalText | None
    equity_at: Moment | None


class Equity(TypedDict):
    """A page of days."""

    equity: list[Day]
    next_cursor: Cursor


class EventRow(TypedDict):
    """An event, with what is known of it."""

    at: Moment
    event: EventKind
    problem: bool
    account: str | None
    symbol: str | None
    alert_id: str | None
    client_order_id: str | None
    facts: dict[str, object]


class OrderLog(TypedDict):
    """A page of events."""

    events: list[EventRow]
    next_cursor: Cursor


@with_config(ConfigDict(extra="allow"))
class LogLine(TypedDict, total=False):
    """A line of the log, with whatever else it holds."""

    ts: str
    level: str
    event: str
    logger: str


class Logs(TypedDict):
    """The latest lines of the log that this process holds."""

    logs: list[LogLine]
    next_cursor: Cursor


class Alert(TypedDict):
    """An alert, and how it stands. `fields`: what it gave, under the recommended names.

    Of several accounts `account` has all names, parted by commas, `status` is the most telling.
    """

    alert_id: str
    received_at: Moment
    status: AlertStatus
    reason: str
    detail: str
    account: str | None
    fields: dict[str, object]


@with_config(ConfigDict(extra="allow"))
class Happening(TypedDict):
    """One thing that happened, `ms` milliseconds after the alert came, and facts about it."""

    at: Moment
    event: EventKind
    ms: Number
    problem: bool
    account: NotRequired[str]


class WholeAlert(Alert):
    """An alert with its body as it came (secrets hidden), its orders and its timeline."""

    request_id: str
    raw: str
    notes: list[str]
    orders: list[Order]
    timeline: list[Happening]


class WholeAlerts(WholeAlert):
    """The same of an alert on several accounts, with how it stands on each."""

    results: list[FinalResult]


class Alerts(TypedDict):
    """A page of alerts."""

    alerts: list[Alert]
    next_cursor: Cursor


class Signal(TypedDict):
    """What an alert amounts to, given what is held. A cancel has no side."""

    asset_class: AssetClass
    trade_type: TradeType
    side: Side | None


class Refusal(TypedDict):
    """Why there would be no order, or not all of them."""

    reason: str
    detail: str


class Intent(TypedDict):
    """An order that would be sent. A level is `{"price"}`, `{"percent"}` or `{"offset"}`."""

    account: str
    symbol: str
    role: OrderRole
    side: Side
    quantity: DecimalText
    order_type: OrderType
    limit_price: NotRequired[DecimalText]
    stop_price: NotRequired[DecimalText]
    time_in_force: str
    stop_loss: NotRequired[dict[str, DecimalText]]
    take_profit: NotRequired[dict[str, DecimalText]]


class Queued(TypedDict):
    """That it would wait for its market to open."""

    until: Moment
    detail: str


class AccountPreview(TypedDict):
    """What an alert would lead to now on an account."""

    account: str
    signal: NotRequired[Signal]
    intents: NotRequired[list[Intent]]
    denied: NotRequired[Refusal]
    queued: NotRequired[Queued]


class Preview(AccountPreview):
    """What an alert would lead to now; of several accounts all intents, and what each does."""

    fields: dict[str, object]
    results: NotRequired[list[AccountPreview]]


class Strategy(TypedDict):
    """A row of the playbook; an empty timeframe matches every one."""

    symbol: str
    timeframe: str
    position_size: Number | None
    sizing_type: Sizing
    active: bool
    account: str | None
    sides: Sides | None
    stop_loss: dict[str, Number] | None
    take_profit: dict[str, Number] | None
    pyramiding: bool
    max_quantity: Number | None
    shared: bool
    sync: Sync
    after_stop: AfterStop
    session_policy: SessionPolicy | None
    when_closed: WhenClosed
    emulated_stop: bool
    order_status: str
    last_updated: Moment | None


class Strategies(TypedDict):
    """All rows of the playbook."""

    strategies: list[Strategy]
    next_cursor: Cursor


class SinkRow(TypedDict):
    """An address of notifications. `title`: of what is on its way; `next_at`: its next try."""

    sink: str
    title: str | None
    tries: int
    error: str
    sent_at: Moment | None
    next_at: Moment | None


class DeadLetterRow(TypedDict):
    """A notification that was given up; `events`: of how many it tells."""

    id: int
    sink: str
    at: Moment
    title: str
    text: str
    events: int
    tries: int
    error: str


class Notifications(TypedDict):
    """How notifications stand."""

    sinks: list[SinkRow]
    dead_letters: list[DeadLetterRow]


class KillSwitch(TypedDict):
    """Whether entries are stopped, why, and since when."""

    active: bool
    reason: str
    since: Moment | None


class FlattenedPosition(TypedDict):
    """What a strategy has in an instrument, and what became of it.

    `qty` is what is closed, negative when short; `entries` how many resting orders and waiting
    alerts are canceled. A dry run has no alert.
    """

    account: str
    symbol: str
    strategy: str
    qty: Number
    entries: int
    alert_id: str | None
    duplicate: bool
    status: AlertStatus | None
    reason: str
    detail: str


class ForeignPosition(TypedDict):
    """What is in an account and no fill of ours: it is not touched."""

    account: str
    symbol: str
    qty: Number


class Flattened(TypedDict):
    """What a flatten does. `unreadable`: accounts whose broker did not say what it holds."""

    dry_run: bool
    positions: list[FlattenedPosition]
    foreign: list[ForeignPosition]
    unreadable: list[str]


class Quotes(TypedDict):
    """How many of the quotes an account took."""

    quotes: int


class Health(TypedDict):
    """The process answers."""

    status: Literal["ok"]
    version: str


class Check(TypedDict):
    """What a check found."""

    ok: bool
    detail: str


class Readiness(TypedDict):
    """Whether alerts may be sent here."""

    status: Literal["ready", "degraded", "not_ready"]
    checks: dict[str, Check]


class LoginLink(TypedDict):
    """Where a person logs in; `state` comes back with them, once and within a quarter hour."""

    url: str
    state: str


class TokenStatus(TypedDict):
    """How it stands with an account's token; the token itself is never shown."""

    status: Standing
    account: str
    expires_at: Moment | None


class Position(TypedDict):
    """A position; `qty` is negative when short. `protected`: live stops of ours cover all of it."""

    account: str
    symbol: str
    qty: Number
    side: Direction
    market_value: Number
    unrealized_pl: Number
    unrealized_plpc: Number
    entry_price: Number
    current_price: Number
    protected: bool


class UnreadableAccount(TypedDict):
    """An account whose broker did not tell what it holds: it is unknown, not flat.

    `code` and `message` are those of the error that asking for it alone would be.
    """

    account: str
    code: str
    message: str


class Positions(TypedDict):
    """All positions of the accounts that could be read. `unreadable`: the others, if any."""

    positions: list[Position]
    unreadable: NotRequired[list[UnreadableAccount]]


class RefusedRow(TypedDict):
    """A line of the sheet that does not trade, and why."""

    line: int
    why: str


class Sheet(TypedDict):
    """The copy of a Google sheet's rows: how old it is, and what is wrong with the sheet."""

    read_at: Moment | None
    age: Number | None
    trouble: str
    refused: list[RefusedRow]


class Config(TypedDict):
    """The playbook and the settings, secrets shown as `***`. `sheet`: where the rows are in one."""

    strategies: list[Strategy]
    sheet: NotRequired[Sheet]
    settings: dict[str, object]


class Tally(TypedDict):
    """Figures of closed trades."""

    total_trades: int
    winning_trades: int
    losing_trades: int
    win_rate: Number
    total_pnl: Number
    avg_pnl_per_trade: Number
    best_trade: Number
    worst_trade: Number
    last_updated: Moment | None


class SymbolTally(Tally):
    """Figures of the closed trades of one symbol."""

    symbol: str


class Performance(TypedDict):
    """Figures of closed trades, by symbol and of all."""

    symbols: list[SymbolTally]
    total: Tally


class Figures(Tally):
    """All figures of closed trades. Money is in the account's currency, after fees.

    `profit_factor` is null when nothing was lost. Streaks and `max_drawdown` follow the order of
    exits in one account: null of several. `streak` is negative for losers.
    """

    gross_profit: Number
    gross_loss: Number
    fees: Number
    avg_win: Number
    avg_loss: Number
    profit_factor: Number | None
    max_drawdown: Number | None
    streak: int | None
    longest_winning_streak: int | None
    longest_losing_streak: int | None


class SymbolFigures(Figures):
    """Figures of the closed trades of one symbol."""

    symbol: str


class StrategyFigures(Figures):
    """Figures of the closed trades that one strategy entered."""

    strategy: str


class AccountRatios(TypedDict):
    """What the days of an account earned for the risk that was taken; null: too few days."""

    account: str
    days: int
    sharpe: Number | None
    sortino: Number | None
    sharpe_tradingview: Number | None
    sortino_tradingview: Number | None


class AllFigures(TypedDict):
    """Figures of closed trades by symbol, by strategy and of all, and ratios by account."""

    symbols: list[SymbolFigures]
    strategies: list[StrategyFigures]
    total: Figures
    ratios: list[AccountRatios]
