"""The tables, as SQLAlchemy Core knows them for migrations and cold queries.

Times are microseconds since 1970 (UTC), money and quantities decimal text, JSON text.
"""

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    UniqueConstraint,
    text,
)

BIG_ID = BigInteger().with_variant(Integer, "sqlite")

metadata = MetaData()

owners = Table(
    "owners",
    metadata,
    Column("id", Text, primary_key=True),
    Column("pid", Integer, nullable=False),
    Column("started_at", BigInteger, nullable=False),
    Column("beat_at", BigInteger, nullable=False),
)

alerts = Table(
    "alerts",
    metadata,
    Column("id", Text, primary_key=True),
    Column("received_at", BigInteger, nullable=False),
    Column("status", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("symbol", Text, nullable=False),
    Column("strategy", Text, nullable=False),
    Column("account", Text),
    Column("request_id", Text, nullable=False),
    Column("alert", Text, nullable=False),
    Column("raw", Text, nullable=False),
    Column("outcome", Text),
    Column("finished_at", BigInteger),
    Index("alerts_by_status", "status", "id"),
    Index("alerts_by_symbol", "symbol", "id"),
    Index("alerts_by_strategy", "strategy", "id"),
)

dedupe = Table(
    "dedupe",
    metadata,
    Column("key", Text, primary_key=True),
    Column("alert_id", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("first_at", BigInteger, nullable=False),
    Column("until", BigInteger, nullable=False),
    Index("dedupe_by_until", "until"),
)

jobs = Table(
    "jobs",
    metadata,
    Column("id", BIG_ID, primary_key=True, autoincrement=True),
    Column("alert_id", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("instrument", Text, nullable=False),
    Column("lane", Text, nullable=False),
    Column("part", Text, nullable=False),
    Column("strategy", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("subject", Text),
    Column("share", Text, nullable=False),
    Column("several", Boolean, nullable=False),
    Column("row_timeframe", Text),
    Column("fired_at", BigInteger),
    Column("state", Text, nullable=False),
    Column("owner", Text),
    Column("attempt", Integer, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("halted", Boolean, nullable=False),
    Column("unwanted", Boolean, nullable=False),
    Column("unsettled", Boolean, nullable=False),
    Column("outcome", Text),
    Column("opens_at", BigInteger),
    Column("run_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Index(
        "jobs_running",
        "lane",
        unique=True,
        sqlite_where=text("state = 'running'"),
        postgresql_where=text("state = 'running'"),
    ),
    Index(
        "jobs_open",
        "lane",
        "id",
        sqlite_where=text("state IN ('ready', 'waiting')"),
        postgresql_where=text("state IN ('ready', 'waiting')"),
    ),
    Index(
        "jobs_due",
        "state",
        "run_at",
        sqlite_where=text("state IN ('ready', 'waiting')"),
        postgresql_where=text("state IN ('ready', 'waiting')"),
    ),
    Index(
        "jobs_owned",
        "owner",
        sqlite_where=text("state = 'running'"),
        postgresql_where=text("state = 'running'"),
    ),
    Index(
        "jobs_duties",
        "lane",
        "id",
        sqlite_where=text("kind = 'protect' AND state IN ('ready', 'waiting')"),
        postgresql_where=text("kind = 'protect' AND state IN ('ready', 'waiting')"),
    ),
    Index("jobs_by_alert", "alert_id"),
    Index("jobs_by_instrument", "instrument", "alert_id"),
    Index("jobs_by_fire_time", "lane", "fired_at"),
    sqlite_autoincrement=True,
)

steps = Table(
    "steps",
    metadata,
    Column("job_id", BigInteger, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("result", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
)

orders = Table(
    "orders",
    metadata,
    Column("client_order_id", Text, primary_key=True),
    Column("broker_order_id", Text),
    Column("alert_id", Text, nullable=False),
    Column("job_id", BigInteger, nullable=False),
    Column("account", Text, nullable=False),
    Column("symbol", Text, nullable=False),
    Column("instrument", Text, nullable=False),
    Column("lane", Text, nullable=False),
    Column("part", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("side", Text, nullable=False),
    Column("order_type", Text, nullable=False),
    Column("quantity", Text, nullable=False),
    Column("filled_quantity", Text, nullable=False),
    Column("average_price", Text),
    Column("limit_price", Text),
    Column("stop_price", Text),
    Column("multiplier", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("parent", Text),
    Column("strategy", Text, nullable=False),
    Column("guarded", Boolean, nullable=False),
    Column("intent", Text),
    Column("triggered_at", BigInteger),
    Column("submitted_at", BigInteger),
    Column("created_at", BigInteger, nullable=False),
    Column("updated_at", BigInteger, nullable=False),
    Index(
        "orders_unsettled",
        "account",
        "lane",
        sqlite_where=text("status NOT IN ('filled', 'canceled', 'rejected', 'expired')"),
        postgresql_where=text("status NOT IN ('filled', 'canceled', 'rejected', 'expired')"),
    ),
    Index(
        "orders_entries",
        "account",
        "submitted_at",
        sqlite_where=text("role = 'entry'"),
        postgresql_where=text("role = 'entry'"),
    ),
    Index("orders_by_alert", "alert_id"),
    Index("orders_by_broker_id", "broker_order_id"),
    Index("orders_by_parent", "parent"),
    Index("orders_by_time", "created_at", "client_order_id"),
)

fills = Table(
    "fills",
    metadata,
    Column("id", BIG_ID, primary_key=True, autoincrement=True),
    Column("account", Text, nullable=False),
    Column("fill_id", Text, nullable=False),
    Column("client_order_id", Text, nullable=False),
    Column("symbol", Text, nullable=False),
    Column("instrument", Text, nullable=False),
    Column("side", Text, nullable=False),
    Column("quantity", Text, nullable=False),
    Column("price", Text, nullable=False),
    Column("fee", Text, nullable=False),
    Column("multiplier", Text, nullable=False),
    Column("alert_id", Text, nullable=False),
    Column("strategy", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    UniqueConstraint("account", "fill_id", name="fills_once"),
    Index("fills_by_order", "client_order_id"),
    Index("fills_by_alert", "alert_id"),
    Index("fills_by_time", "at", "id"),
    Index("fills_by_account", "account", "at", "id"),
    Index("fills_by_instrument", "instrument", "at", "id"),
    sqlite_autoincrement=True,
)

stakes = Table(
    "stakes",
    metadata,
    Column("account", Text, primary_key=True),
    Column("instrument", Text, primary_key=True),
    Column("strategy", Text, primary_key=True),
    Column("quantity", Text, nullable=False),
    Column("stopped", Text),
    Column("entry_job", BigInteger),
    Column("at", BigInteger, nullable=False),
)

open_lots = Table(
    "open_lots",
    metadata,
    Column("fill", BigInteger, primary_key=True, autoincrement=False),
    Column("account", Text, nullable=False),
    Column("instrument", Text, nullable=False),
    Column("quantity", Text, nullable=False),
    Column("fee", Text, nullable=False),
    Column("low", Text),
    Column("high", Text),
    Index("open_lots_by_book", "account", "instrument", "fill"),
)

trades = Table(
    "trades",
    metadata,
    Column("exit_fill", BigInteger, primary_key=True, autoincrement=False),
    Column("entry_fill", BigInteger, primary_key=True, autoincrement=False),
    Column("account", Text, nullable=False),
    Column("symbol", Text, nullable=False),
    Column("instrument", Text, nullable=False),
    Column("quantity", Text, nullable=False),
    Column("multiplier", Text, nullable=False),
    Column("entry_price", Text, nullable=False),
    Column("exit_price", Text, nullable=False),
    Column("fees", Text, nullable=False),
    Column("pnl", Text, nullable=False),
    Column("entry_strategy", Text, nullable=False),
    Column("exit_strategy", Text, nullable=False),
    Column("entry_alert_id", Text, nullable=False),
    Column("exit_alert_id", Text, nullable=False),
    Column("entered_at", BigInteger, nullable=False),
    Column("exited_at", BigInteger, nullable=False),
    Column("low", Text, nullable=False),
    Column("high", Text, nullable=False),
    Index("trades_by_time", "exited_at", "exit_fill", "entry_fill"),
    Index("trades_by_account", "account", "exited_at", "exit_fill", "entry_fill"),
    Index("trades_by_instrument", "instrument", "exited_at", "exit_fill", "entry_fill"),
    Index("trades_by_entry_alert", "entry_alert_id"),
    Index("trades_by_exit_alert", "exit_alert_id"),
)

tallies = Table(
    "tallies",
    metadata,
    Column("account", Text, primary_key=True),
    Column("of", Text, primary_key=True),
    Column("name", Text, primary_key=True),
    Column("total_trades", BigInteger, nullable=False),
    Column("winning_trades", BigInteger, nullable=False),
    Column("losing_trades", BigInteger, nullable=False),
    Column("total_pnl", Text, nullable=False),
    Column("gross_profit", Text, nullable=False),
    Column("fees", Text, nullable=False),
    Column("best_trade", Text, nullable=False),
    Column("worst_trade", Text, nullable=False),
    Column("streak", BigInteger, nullable=False),
    Column("longest_wins", BigInteger, nullable=False),
    Column("longest_losses", BigInteger, nullable=False),
    Column("peak", Text, nullable=False),
    Column("drawdown", Text, nullable=False),
    Column("last_updated", BigInteger, nullable=False),
)

days = Table(
    "days",
    metadata,
    Column("account", Text, primary_key=True),
    Column("day", BigInteger, primary_key=True, autoincrement=False),
    Column("trades", BigInteger, nullable=False),
    Column("realised", Text, nullable=False),
    Column("fees", Text, nullable=False),
    Column("equity", Text),
    Column("equity_at", BigInteger),
)

events = Table(
    "events",
    metadata,
    Column("id", BIG_ID, primary_key=True, autoincrement=True),
    Column("at", BigInteger, nullable=False),
    Column("kind", Text, nullable=False),
    Column("alert_id", Text),
    Column("account", Text),
    Column("symbol", Text),
    Column("client_order_id", Text),
    Column("problem", Boolean, nullable=False),
    Column("facts", Text, nullable=False),
    Index("events_by_alert", "alert_id", "id"),
    Index("events_by_time", "at", "id"),
    Index("events_by_kind", "kind", "at", "id"),
    Index("events_by_symbol", "symbol", "at", "id"),
    Index(
        "events_of_problems",
        "at",
        "id",
        sqlite_where=text("problem"),
        postgresql_where=text("problem"),
    ),
    sqlite_autoincrement=True,
)

sinks = Table(
    "sinks",
    metadata,
    Column("sink", Text, primary_key=True),
    Column("position", BigInteger, nullable=False),
    Column("title", Text),
    Column("body", Text),
    Column("events", BigInteger, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("not_before", BigInteger, nullable=False),
    Column("gap", Integer, nullable=False),
    Column("error", Text, nullable=False),
    Column("owner", Text),
    Column("sent_at", BigInteger),
)

dead_letters = Table(
    "dead_letters",
    metadata,
    Column("id", BIG_ID, primary_key=True, autoincrement=True),
    Column("sink", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("title", Text, nullable=False),
    Column("body", Text, nullable=False),
    Column("events", BigInteger, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("error", Text, nullable=False),
    sqlite_autoincrement=True,
)

marks = Table(
    "marks",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)

lane_blocks = Table(
    "lane_blocks",
    metadata,
    Column("lane", Text, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("reason", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
)

foreign_positions = Table(
    "foreign_positions",
    metadata,
    Column("account", Text, primary_key=True),
    Column("instrument", Text, primary_key=True),
    Column("quantity", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
)

login_states = Table(
    "login_states",
    metadata,
    Column("digest", Text, primary_key=True),
    Column("account", Text, nullable=False),
    Column("until", BigInteger, nullable=False),
)

switches = Table(
    "switches",
    metadata,
    Column("name", Text, primary_key=True),
    Column("reason", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
)

strategies = Table(
    "strategies",
    metadata,
    Column("symbol", Text, primary_key=True),
    Column("timeframe", Text, primary_key=True),
    Column("strategy", Text, nullable=False),
)

row_words = Table(
    "row_words",
    metadata,
    Column("symbol", Text, primary_key=True),
    Column("timeframe", Text, primary_key=True),
    Column("account", Text, primary_key=True),
    Column("word", Text, nullable=False),
    Column("alert_id", Text, nullable=False),
    Column("order_alert", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
)

sheets = Table(
    "sheets",
    metadata,
    Column("id", Text, primary_key=True),
    Column("read_at", BigInteger),
    Column("trouble", Text, nullable=False),
    Column("refused", Text, nullable=False),
)

paper_accounts = Table(
    "paper_accounts",
    metadata,
    Column("account", Text, primary_key=True),
    Column("cash", Text, nullable=False),
)

paper_instruments = Table(
    "paper_instruments",
    metadata,
    Column("account", Text, primary_key=True),
    Column("instrument", Text, primary_key=True),
    Column("asset_class", Text, nullable=False),
    Column("tick", Text, nullable=False),
)

paper_quotes = Table(
    "paper_quotes",
    metadata,
    Column("account", Text, primary_key=True),
    Column("instrument", Text, primary_key=True),
    Column("price", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
    Column("before_price", Text),
    Column("before_at", BigInteger),
)

paper_positions = Table(
    "paper_positions",
    metadata,
    Column("account", Text, primary_key=True),
    Column("instrument", Text, primary_key=True),
    Column("symbol", Text, nullable=False),
    Column("quantity", Text, nullable=False),
    Column("entry_price", Text, nullable=False),
)

paper_orders = Table(
    "paper_orders",
    metadata,
    Column("account", Text, primary_key=True),
    Column("client_order_id", Text, primary_key=True),
    Column("seq", Integer, nullable=False),
    Column("instrument", Text, nullable=False),
    Column("symbol", Text, nullable=False),
    Column("side", Text, nullable=False),
    Column("role", Text, nullable=False),
    Column("order_type", Text, nullable=False),
    Column("quantity", Text, nullable=False),
    Column("limit_price", Text),
    Column("stop_price", Text),
    Column("trail", Text),
    Column("expires_at", BigInteger),
    Column("triggered_at", BigInteger),
    Column("parent", Text),
    Column("level", Text),
    Column("status", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Index(
        "paper_orders_open",
        "account",
        "instrument",
        "seq",
        sqlite_where=text("status IN ('new', 'live')"),
        postgresql_where=text("status IN ('new', 'live')"),
    ),
    Index("paper_orders_by_parent", "account", "parent"),
)

paper_fills = Table(
    "paper_fills",
    metadata,
    Column("account", Text, primary_key=True),
    Column("client_order_id", Text, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("quantity", Text, nullable=False),
    Column("price", Text, nullable=False),
    Column("fee", Text, nullable=False),
    Column("at", BigInteger, nullable=False),
)
