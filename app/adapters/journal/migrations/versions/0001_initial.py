"""The tables of the first version.

Revision: 0001, the first
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Expand only: an older server must still run on the result."""
    op.create_table(
        "alerts",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("strategy", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=True),
        sa.Column("request_id", sa.Text(), nullable=False),
        sa.Column("alert", sa.Text(), nullable=False),
        sa.Column("raw", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id"),
    )
    with op.batch_alter_table("alerts", schema=None) as batch_op:
        batch_op.create_index("alerts_by_status", ["status", "id"], unique=False)
        batch_op.create_index("alerts_by_symbol", ["symbol", "id"], unique=False)
        batch_op.create_index("alerts_by_strategy", ["strategy", "id"], unique=False)

    op.create_table(
        "dedupe",
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("alert_id", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("first_at", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key"),
    )
    with op.batch_alter_table("dedupe", schema=None) as batch_op:
        batch_op.create_index("dedupe_by_until", ["until"], unique=False)

    op.create_table(
        "events",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("alert_id", sa.Text(), nullable=True),
        sa.Column("account", sa.Text(), nullable=True),
        sa.Column("symbol", sa.Text(), nullable=True),
        sa.Column("client_order_id", sa.Text(), nullable=True),
        sa.Column("problem", sa.Boolean(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("events", schema=None) as batch_op:
        batch_op.create_index("events_by_alert", ["alert_id", "id"], unique=False)
        batch_op.create_index("events_by_time", ["at", "id"], unique=False)
        batch_op.create_index("events_by_kind", ["kind", "at", "id"], unique=False)
        batch_op.create_index("events_by_symbol", ["symbol", "at", "id"], unique=False)
        batch_op.create_index(
            "events_of_problems",
            ["at", "id"],
            unique=False,
            sqlite_where=sa.text("problem"),
            postgresql_where=sa.text("problem"),
        )

    op.create_table(
        "fills",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("fill_id", sa.Text(), nullable=False),
        sa.Column("client_order_id", sa.Text(), nullable=False),
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("instrument", sa.Text(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("quantity", sa.Text(), nullable=False),
        sa.Column("price", sa.Text(), nullable=False),
        sa.Column("fee", sa.Text(), nullable=False),
        sa.Column("multiplier", sa.Text(), nullable=False),
        sa.Column("alert_id", sa.Text(), nullable=False),
        sa.Column("strategy", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("account", "fill_id", name="fills_once"),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("fills", schema=None) as batch_op:
        batch_op.create_index("fills_by_order", ["client_order_id"], unique=False)
        batch_op.create_index("fills_by_alert", ["alert_id"], unique=False)
        batch_op.create_index("fills_by_time", ["at", "id"], unique=False)
        batch_op.create_index("fills_by_account", ["account", "at", "id"], unique=False)
        batch_op.create_index("fills_by_instrument", ["instrument", "at", "id"], unique=False)

    op.create_table(
        "jobs",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("alert_id", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("instrument", sa.Text(), nullable=False),
        sa.Column("lane", sa.Text(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("strategy", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=True),
        sa.Column("share", sa.Text(), nullable=False),
        sa.Column("several", sa.Boolean(), nullable=False),
        sa.Column("row_timeframe", sa.Text(), nullable=True),
        sa.Column("fired_at", sa.BigInteger(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("halted", sa.Boolean(), nullable=False),
        sa.Column("unwanted", sa.Boolean(), nullable=False),
        sa.Column("unsettled", sa.Boolean(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("opens_at", sa.BigInteger(), nullable=True),
        sa.Column("run_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.create_index("jobs_by_alert", ["alert_id"], unique=False)
        batch_op.create_index("jobs_by_instrument", ["instrument", "alert_id"], unique=False)
        batch_op.create_index("jobs_by_fire_time", ["lane", "fired_at"], unique=False)
        batch_op.create_index(
            "jobs_due",
            ["state", "run_at"],
            unique=False,
            sqlite_where=sa.text("state IN ('ready', 'waiting')"),
            postgresql_where=sa.text("state IN ('ready', 'waiting')"),
        )
        batch_op.create_index(
            "jobs_duties",
            ["lane", "id"],
            unique=False,
            sqlite_where=sa.text("kind = 'protect' AND state IN ('ready', 'waiting')"),
            postgresql_where=sa.text("kind = 'protect' AND state IN ('ready', 'waiting')"),
        )
        batch_op.create_index(
            "jobs_open",
            ["lane", "id"],
            unique=False,
            sqlite_where=sa.text("state IN ('ready', 'waiting')"),
            postgresql_where=sa.text("state IN ('ready', 'waiting')"),
        )
        batch_op.create_index(
            "jobs_owned",
            ["owner"],
            unique=False,
            sqlite_where=sa.text("state = 'running'"),
            postgresql_where=sa.text("state = 'running'"),
        )
        batch_op.create_index(
            "jobs_running",
            ["lane"],
            unique=True,
            sqlite_where=sa.text("state = 'running'"),
            postgresql_where=sa.text("state = 'running'"),
        )

    op.create_table(
        "lane_blocks",
        sa.Column("lane", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("lane", "kind"),
    )
    op.create_table(
        "foreign_positions",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("instrument", sa.Text(), nullable=False),
        sa.Column("quantity", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account", "instrument"),
    )
    op.create_table(
        "login_states",
        sa.Column("digest", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("digest", name=op.f("pk_login_states")),
    )
    op.create_table(
        "open_lots",
        sa.Column("fill", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("instrument", sa.Text(), nullable=False),
        sa.Column("quantity", sa.Text(), nullable=False),
        sa.Column("fee", sa.Text(), nullable=False),
        sa.Column("low", sa.Text(), nullable=True),
        sa.Column("high", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("fill"),
    )
    with op.batch_alter_table("open_lots", schema=None) as batch_op:
        batch_op.create_index("open_lots_by_book", ["account", "instrument", "fill"], unique=False)

    op.create_table(
        "trades",
        sa.Column("exit_fill", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("entry_fill", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("instrument", sa.Text(), nullable=False),
        sa.Column("quantity", sa.Text(), nullable=False),
        sa.Column("multiplier", sa.Text(), nullable=False),
        sa.Column("entry_price", sa.Text(), nullable=False),
        sa.Column("exit_price", sa.Text(), nullable=False),
        sa.Column("fees", sa.Text(), nullable=False),
        sa.Column("pnl", sa.Text(), nullable=False),
        sa.Column("entry_strategy", sa.Text(), nullable=False),
        sa.Column("exit_strategy", sa.Text(), nullable=False),
        sa.Column("entry_alert_id", sa.Text(), nullable=False),
        sa.Column("exit_alert_id", sa.Text(), nullable=False),
        sa.Column("entered_at", sa.BigInteger(), nullable=False),
        sa.Column("exited_at", sa.BigInteger(), nullable=False),
        sa.Column("low", sa.Text(), nullable=False),
        sa.Column("high", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("exit_fill", "entry_fill"),
    )
    with op.batch_alter_table("trades", schema=None) as batch_op:
        batch_op.create_index(
            "trades_by_time", ["exited_at", "exit_fill", "entry_fill"], unique=False
        )
        batch_op.create_index(
            "trades_by_account", ["account", "exited_at", "exit_fill", "entry_fill"], unique=False
        )
        batch_op.create_index(
            "trades_by_instrument",
            ["instrument", "exited_at", "exit_fill", "entry_fill"],
            unique=False,
        )
        batch_op.create_index("trades_by_entry_alert", ["entry_alert_id"], unique=False)
        batch_op.create_index("trades_by_exit_alert", ["exit_alert_id"], unique=False)

    op.create_table(
        "tallies",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("of", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("total_trades", sa.BigInteger(), nullable=False),
        sa.Column("winning_trades", sa.BigInteger(), nullable=False),
        sa.Column("losing_trades", sa.BigInteger(), nullable=False),
        sa.Column("total_pnl", sa.Text(), nullable=False),
        sa.Column("gross_profit", sa.Text(), nullable=False),
        sa.Column("fees", sa.Text(), nullable=False),
        sa.Column("best_trade", sa.Text(), nullable=False),
        sa.Column("worst_trade", sa.Text(), nullable=False),
        sa.Column("streak", sa.BigInteger(), nullable=False),
        sa.Column("longest_wins", sa.BigInteger(), nullable=False),
        sa.Column("longest_losses", sa.BigInteger(), nullable=False),
        sa.Column("peak", sa.Text(), nullable=False),
        sa.Column("drawdown", sa.Text(), nullable=False),
        sa.Column("last_updated", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account", "of", "name"),
    )
    op.create_table(
        "days",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("day", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("trades", sa.BigInteger(), nullable=False),
        sa.Column("realised", sa.Text(), nullable=False),
        sa.Column("fees", sa.Text(), nullable=False),
        sa.Column("equity", sa.Text(), nullable=True),
        sa.Column("equity_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("account", "day"),
    )
    op.create_table(
        "orders",
        sa.Column("client_order_id", sa.Text(), nullable=False),
        sa.Column("broker_order_id", sa.Text(), nullable=True),
        sa.Column("alert_id", sa.Text(), nullable=False),
        sa.Column("job_id", sa.BigInteger(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("instrument", sa.Text(), nullable=False),
        sa.Column("lane", sa.Text(), nullable=False),
        sa.Column("part", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("order_type", sa.Text(), nullable=False),
        sa.Column("quantity", sa.Text(), nullable=False),
        sa.Column("filled_quantity", sa.Text(), nullable=False),
        sa.Column("average_price", sa.Text(), nullable=True),
        sa.Column("limit_price", sa.Text(), nullable=True),
        sa.Column("stop_price", sa.Text(), nullable=True),
        sa.Column("multiplier", sa.Text(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("parent", sa.Text(), nullable=True),
        sa.Column("strategy", sa.Text(), nullable=False),
        sa.Column("guarded", sa.Boolean(), nullable=False),
        sa.Column("intent", sa.Text(), nullable=True),
        sa.Column("triggered_at", sa.BigInteger(), nullable=True),
        sa.Column("submitted_at", sa.BigInteger(), nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("client_order_id"),
    )
    with op.batch_alter_table("orders", schema=None) as batch_op:
        batch_op.create_index("orders_by_alert", ["alert_id"], unique=False)
        batch_op.create_index("orders_by_broker_id", ["broker_order_id"], unique=False)
        batch_op.create_index("orders_by_parent", ["parent"], unique=False)
        batch_op.create_index("orders_by_time", ["created_at", "client_order_id"], unique=False)
        batch_op.create_index(
            "orders_entries",
            ["account", "submitted_at"],
            unique=False,
            sqlite_where=sa.text("role = 'entry'"),
            postgresql_where=sa.text("role = 'entry'"),
        )
        batch_op.create_index(
            "orders_unsettled",
            ["account", "lane"],
            unique=False,
            sqlite_where=sa.text("status NOT IN ('filled', 'canceled', 'rejected', 'expired')"),
            postgresql_where=sa.text("status NOT IN ('filled', 'canceled', 'rejected', 'expired')"),
        )

    op.create_table(
        "owners",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("pid", sa.Integer(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("beat_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "paper_accounts",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("cash", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("account"),
    )
    op.create_table(
        "paper_fills",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("client_order_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("quantity", sa.Text(), nullable=False),
        sa.Column("price", sa.Text(), nullable=False),
        sa.Column("fee", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account", "client_order_id", "number"),
    )
    op.create_table(
        "paper_instruments",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("instrument", sa.Text(), nullable=False),
        sa.Column("asset_class", sa.Text(), nullable=False),
        sa.Column("tick", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("account", "instrument"),
    )
    op.create_table(
        "paper_orders",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("client_order_id", sa.Text(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("instrument", sa.Text(), nullable=False),
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("side", sa.Text(), nullable=False),
        sa.Column("role", sa.Text(), nullable=False),
        sa.Column("order_type", sa.Text(), nullable=False),
        sa.Column("quantity", sa.Text(), nullable=False),
        sa.Column("limit_price", sa.Text(), nullable=True),
        sa.Column("stop_price", sa.Text(), nullable=True),
        sa.Column("trail", sa.Text(), nullable=True),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.Column("triggered_at", sa.BigInteger(), nullable=True),
        sa.Column("parent", sa.Text(), nullable=True),
        sa.Column("level", sa.Text(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("account", "client_order_id"),
    )
    with op.batch_alter_table("paper_orders", schema=None) as batch_op:
        batch_op.create_index("paper_orders_by_parent", ["account", "parent"], unique=False)
        batch_op.create_index(
            "paper_orders_open",
            ["account", "instrument", "seq"],
            unique=False,
            sqlite_where=sa.text("status IN ('new', 'live')"),
            postgresql_where=sa.text("status IN ('new', 'live')"),
        )

    op.create_table(
        "paper_positions",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("instrument", sa.Text(), nullable=False),
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("quantity", sa.Text(), nullable=False),
        sa.Column("entry_price", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("account", "instrument"),
    )
    op.create_table(
        "paper_quotes",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("instrument", sa.Text(), nullable=False),
        sa.Column("price", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("before_price", sa.Text(), nullable=True),
        sa.Column("before_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("account", "instrument"),
    )
    op.create_table(
        "row_words",
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("timeframe", sa.Text(), nullable=False),
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("word", sa.Text(), nullable=False),
        sa.Column("alert_id", sa.Text(), nullable=False),
        sa.Column("order_alert", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("symbol", "timeframe", "account"),
    )
    op.create_table(
        "sheets",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("read_at", sa.BigInteger(), nullable=True),
        sa.Column("trouble", sa.Text(), nullable=False),
        sa.Column("refused", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_table(
        "stakes",
        sa.Column("account", sa.Text(), nullable=False),
        sa.Column("instrument", sa.Text(), nullable=False),
        sa.Column("strategy", sa.Text(), nullable=False),
        sa.Column("quantity", sa.Text(), nullable=False),
        sa.Column("stopped", sa.Text(), nullable=True),
        sa.Column("entry_job", sa.BigInteger(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("account", "instrument", "strategy"),
    )
    op.create_table(
        "steps",
        sa.Column("job_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("job_id", "name"),
    )
    op.create_table(
        "strategies",
        sa.Column("symbol", sa.Text(), nullable=False),
        sa.Column("timeframe", sa.Text(), nullable=False),
        sa.Column("strategy", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("symbol", "timeframe"),
    )
    op.create_table(
        "switches",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )
    op.create_table(
        "sinks",
        sa.Column("sink", sa.Text(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("body", sa.Text(), nullable=True),
        sa.Column("events", sa.BigInteger(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("not_before", sa.BigInteger(), nullable=False),
        sa.Column("gap", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("owner", sa.Text(), nullable=True),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("sink"),
    )
    op.create_table(
        "dead_letters",
        sa.Column(
            "id",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("sink", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("events", sa.BigInteger(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "marks",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name"),
    )


def downgrade() -> None:
    """Back to the revision before."""
    op.drop_table("marks")
    op.drop_table("dead_letters")
    op.drop_table("sinks")
    op.drop_table("switches")
    op.drop_table("strategies")
    op.drop_table("steps")
    op.drop_table("stakes")
    op.drop_table("sheets")
    op.drop_table("row_words")
    op.drop_table("paper_quotes")
    op.drop_table("paper_positions")
    with op.batch_alter_table("paper_orders", schema=None) as batch_op:
        batch_op.drop_index(
            "paper_orders_open",
            sqlite_where=sa.text("status IN ('new', 'live')"),
            postgresql_where=sa.text("status IN ('new', 'live')"),
        )
        batch_op.drop_index("paper_orders_by_parent")

    op.drop_table("paper_orders")
    op.drop_table("paper_instruments")
    op.drop_table("paper_fills")
    op.drop_table("paper_accounts")
    op.drop_table("owners")
    with op.batch_alter_table("orders", schema=None) as batch_op:
        batch_op.drop_index(
            "orders_unsettled",
            sqlite_where=sa.text("status NOT IN ('filled', 'canceled', 'rejected', 'expired')"),
            postgresql_where=sa.text("status NOT IN ('filled', 'canceled', 'rejected', 'expired')"),
        )
        batch_op.drop_index(
            "orders_entries",
            sqlite_where=sa.text("role = 'entry'"),
            postgresql_where=sa.text("role = 'entry'"),
        )
        batch_op.drop_index("orders_by_time")
        batch_op.drop_index("orders_by_parent")
        batch_op.drop_index("orders_by_broker_id")
        batch_op.drop_index("orders_by_alert")

    op.drop_table("orders")
    op.drop_table("days")
    op.drop_table("tallies")
    with op.batch_alter_table("trades", schema=None) as batch_op:
        batch_op.drop_index("trades_by_time")
        batch_op.drop_index("trades_by_exit_alert")
        batch_op.drop_index("trades_by_entry_alert")
        batch_op.drop_index("trades_by_instrument")
        batch_op.drop_index("trades_by_account")

    op.drop_table("trades")
    with op.batch_alter_table("open_lots", schema=None) as batch_op:
        batch_op.drop_index("open_lots_by_book")

    op.drop_table("open_lots")
    op.drop_table("login_states")
    op.drop_table("foreign_positions")
    op.drop_table("lane_blocks")
    with op.batch_alter_table("jobs", schema=None) as batch_op:
        batch_op.drop_index(
            "jobs_running",
            sqlite_where=sa.text("state = 'running'"),
            postgresql_where=sa.text("state = 'running'"),
        )
        batch_op.drop_index(
            "jobs_owned",
            sqlite_where=sa.text("state = 'running'"),
            postgresql_where=sa.text("state = 'running'"),
        )
        batch_op.drop_index(
            "jobs_open",
            sqlite_where=sa.text("state IN ('ready', 'waiting')"),
            postgresql_where=sa.text("state IN ('ready', 'waiting')"),
        )
        batch_op.drop_index(
            "jobs_due",
            sqlite_where=sa.text("state IN ('ready', 'waiting')"),
            postgresql_where=sa.text("state IN ('ready', 'waiting')"),
        )
        batch_op.drop_index("jobs_by_fire_time")
        batch_op.drop_index("jobs_by_instrument")
        batch_op.drop_index("jobs_by_alert")

    op.drop_table("jobs")
    with op.batch_alter_table("fills", schema=None) as batch_op:
        batch_op.drop_index("fills_by_instrument")
        batch_op.drop_index("fills_by_account")
        batch_op.drop_index("fills_by_time")
        batch_op.drop_index("fills_by_alert")
        batch_op.drop_index("fills_by_order")

    op.drop_table("fills")
    with op.batch_alter_table("events", schema=None) as batch_op:
        batch_op.drop_index(
            "events_of_problems",
            sqlite_where=sa.text("problem"),
            postgresql_where=sa.text("problem"),
        )
        batch_op.drop_index("events_by_symbol")
        batch_op.drop_index("events_by_kind")
        batch_op.drop_index("events_by_time")
        batch_op.drop_index("events_by_alert")

    op.drop_table("events")
    with op.batch_alter_table("dedupe", schema=None) as batch_op:
        batch_op.drop_index("dedupe_by_until")

    op.drop_table("dedupe")
    with op.batch_alter_table("alerts", schema=None) as batch_op:
        batch_op.drop_index("alerts_by_strategy")
        batch_op.drop_index("alerts_by_symbol")
        batch_op.drop_index("alerts_by_status")

    op.drop_table("alerts")
