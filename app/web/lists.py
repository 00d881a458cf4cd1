"""Lists of what was traded and of what happened: fills, trades, equity, the order log, the log."""

from typing import Any

from flask import Blueprint, Response

from app.domain.events import Event
from app.domain.position import Direction
from app.ports.recent import LogFilter, RecentLog
from app.ports.records import (
    DayFilter,
    DayRecord,
    EventFilter,
    FillFilter,
    FillRecord,
    Records,
    TradeFilter,
    TradeRecord,
)
from app.web import answers
from app.web.csv_lists import asks_for_csv, csv_of
from app.web.described import described
from app.web.pages import page_of
from app.web.results import text
from app.web.schemas import (
    EquityQuery,
    FillsQuery,
    LogsQuery,
    OrderLogQuery,
    PageQuery,
    TradesQuery,
    read_query,
    utc,
)

TRADE_COLUMNS = (
    "trade_id",
    "account",
    "symbol",
    "instrument",
    "side",
    "quantity",
    "entry_price",
    "exit_price",
    "entered_at",
    "exited_at",
    "multiplier",
    "fees",
    "pnl",
    "mae",
    "mfe",
    "strategy",
    "exit_strategy",
    "entry_alert_id",
    "exit_alert_id",
)
DAY_COLUMNS = (
    "account",
    "day",
    "trades",
    "realised",
    "fees",
    "cumulative",
    "equity",
    "equity_at",
)


def lists_blueprint(records: Records, recent_log: RecentLog) -> Blueprint:
    """`/api/v1/fills`, `/api/v1/trades`, `/api/v1/equity`, `/api/v1/order-log`, `/api/v1/logs`."""
    blueprint = Blueprint("lists", __name__, url_prefix="/api/v1")

    @blueprint.get("/fills")
    @described("Fills, newest first", answers.Fills, query=FillsQuery)
    def fills() -> Response:
        wanted = FillFilter(**_asked(read_query(FillsQuery)))
        return page_of("fills", records.fills, wanted, shown_fill)

    @blueprint.get("/trades")
    @described(
        "Closed trades, newest first, also as CSV",
        answers.Trades,
        query=TradesQuery,
        texts=("text/csv",),
    )
    def trades() -> Response:
        query = read_query(TradesQuery)
        wanted = TradeFilter(**_asked(query))
        if asks_for_csv(query.format):
            return csv_of("trades", records.trades, wanted, shown_trade, TRADE_COLUMNS)
        return page_of("trades", records.trades, wanted, shown_trade)

    @blueprint.get("/equity")
    @described(
        "Days of the equity curve, newest first, also as CSV",
        answers.Equity,
        query=EquityQuery,
        texts=("text/csv",),
    )
    def equity() -> Response:
        query = read_query(EquityQuery)
        wanted = DayFilter(**_asked(query))
        if asks_for_csv(query.format):
            return csv_of("equity", records.days, wanted, shown_day, DAY_COLUMNS)
        return page_of("equity", records.days, wanted, shown_day)

    @blueprint.get("/order-log")
    @described(
        "Events, newest first: what happened to alerts and orders",
        answers.OrderLog,
        query=OrderLogQuery,
    )
    def order_log() -> Response:
        wanted = EventFilter(**_asked(read_query(OrderLogQuery), event="kind"))
        return page_of("events", records.events, wanted, shown_event)

    @blueprint.get("/logs")
    @described("The latest lines of the log", answers.Logs, query=LogsQuery)
    def logs() -> Response:
        wanted = LogFilter(**_asked(read_query(LogsQuery)))
        return page_of("logs", recent_log.lines, wanted, dict)

    return blueprint


def _asked(query: PageQuery, **names: str) -> dict[str, Any]:
    """What was asked for, under the names of a filter."""
    names = {"cursor": "before", "format": ""} | names
    asked = {names.get(name, name): value for name, value in query}
    asked.pop("", None)
    return asked


def shown_fill(record: FillRecord) -> answers.FillRow:
    """A fill with what it belongs to."""
    fill = record.fill
    return {
        "fill_id": fill.fill_id,
        "client_order_id": fill.client_order_id,
        "alert_id": record.alert_id,
        "strategy": record.strategy,
        "account": record.account,
        "symbol": fill.symbol,
        "instrument": record.instrument,
        "side": fill.side,
        "quantity": text(fill.quantity),
        "price": text(fill.price),
        "fee": text(fill.fee),
        "multiplier": text(record.multiplier),
        "at": utc(fill.at),
    }


def shown_trade(trade: TradeRecord) -> answers.Trade:
    """A closed trade; its quantity is positive, its side tells the rest."""
    return {
        "trade_id": f"{trade.exit_fill}-{trade.entry_fill}",
        "account": trade.account,
        "symbol": trade.symbol,
        "instrument": trade.instrument,
        "side": Direction.LONG if trade.quantity > 0 else Direction.SHORT,
        "quantity": text(abs(trade.quantity)),
        "entry_price": text(trade.entry_price),
        "exit_price": text(trade.exit_price),
        "entered_at": utc(trade.entered_at),
        "exited_at": utc(trade.exited_at),
        "multiplier": text(trade.multiplier),
        "fees": text(trade.fees),
        "pnl": text(trade.pnl),
        "mae": text(trade.worst_moment),
        "mfe": text(trade.best_moment),
        "strategy": trade.entry_strategy,
        "exit_strategy": trade.exit_strategy,
        "entry_alert_id": trade.entry_alert_id,
        "exit_alert_id": trade.exit_alert_id,
    }


def shown_day(day: DayRecord) -> answers.Day:
    """A day of an account's equity curve."""
    return {
        "account": day.account,
        "day": day.day.isoformat(),
        "trades": day.trades,
        "realised": text(day.realised),
        "fees": text(day.fees),
        "cumulative": text(day.cumulative),
        "equity": text(day.equity),
        "equity_at": utc(day.equity_at),
    }


def shown_event(event: Event) -> answers.EventRow:
    """An event, with what is known of it."""
    return {
        "at": utc(event.at),
        "event": event.kind,
        "problem": event.problem,
        "account": event.account,
        "symbol": event.symbol,
        "alert_id": event.alert_id,
        "client_order_id": event.client_order_id,
        "facts": dict(event.facts),
    }
