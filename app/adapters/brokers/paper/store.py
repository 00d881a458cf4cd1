"""The books of a paper account in SQL, as one transaction sees them."""

from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import NamedTuple

from app.adapters.brokers.paper.account import Account
from app.adapters.brokers.paper.book import Book
from app.adapters.brokers.paper.instruments import make_instrument
from app.adapters.brokers.paper.money import Funds, plain
from app.adapters.brokers.paper.options import PaperOptions
from app.adapters.brokers.paper.rows import (
    asset_class_of,
    broker_order_of,
    fill_params,
    holding_of,
    order_params,
    paper_order_of,
    position_of,
    quote_of,
    tick_of,
)
from app.adapters.sql import Query, Row, Transaction, load_queries, to_db
from app.domain.instrument import Instrument
from app.domain.order import BrokerOrder, OrderIntent, OrderRole
from app.domain.position import Position, Quote

Q = load_queries(Path(__file__).with_name("queries.sql"))


class Desk(NamedTuple):
    """What an account knows of an instrument before anything is done with it."""

    quote: Quote | None
    book: Book


class Books:
    """Reads and writes one account, on its owner's terms."""

    def __init__(self, tx: Transaction, account: str, options: PaperOptions) -> None:
        self._tx = tx
        self._account = account
        self._options = options

    def known(self, intent: OrderIntent) -> set[str]:
        """Which ids of an intent, its legs included, were used before."""
        legs = {role.value: leg.client_order_id for role, leg in intent.legs}
        params = {
            "account": self._account,
            "entry": intent.client_order_id,
            "stop_loss": legs.get(OrderRole.STOP_LOSS),
            "take_profit": legs.get(OrderRole.TAKE_PROFIT),
        }
        return {row["client_order_id"] for row in self._tx.run(Q["known_ids"], params).fetchall()}

    def find(self, client_order_id: str) -> BrokerOrder | None:
        """An order with its legs and fills."""
        params = {"account": self._account, "client_order_id": client_order_id}
        rows = self._by_order(Q["order_tree"], params)
        root = rows.pop(client_order_id, None)
        if root is None:
            return None
        return broker_order_of(root, [broker_order_of(leg) for leg in rows.values()])

    def working(self) -> list[BrokerOrder]:
        """The orders and legs that work, the oldest first, each by itself."""
        rows = self._by_order(Q["working_orders"], {"account": self._account})
        return [broker_order_of(order) for order in rows.values()]

    def whereabouts(self, client_order_id: str) -> Row | None:
        """Instrument, symbol and status of an order."""
        params = {"account": self._account, "client_order_id": client_order_id}
        return self._tx.one(Q["where_order"], params)

    def quote(self, instrument: str) -> Quote | None:
        """The newest price, whatever its age."""
        return quote_of(self._desk_row(instrument))

    def position(self, instrument: str) -> Position | None:
        """What is held of an instrument."""
        row = self._desk_row(instrument)
        return position_of(row, instrument) if row["quantity"] is not None else None

    def holdings(self) -> tuple[Decimal, list[Position]]:
        """The cash, and everything that is held."""
        rows = self._tx.run(Q["holdings"], {"account": self._account}).fetchall()
        held = [
            position_of(row, row["instrument"]) for row in rows if row["instrument"] is not None
        ]
        return self._cash(rows[0]), held

    def funds(self) -> Funds:
        """The account's money."""
        return Funds.of(*self.holdings())

    def known_as(self, instrument: str, symbol: str) -> Instrument | None:
        """An instrument that was asked for by a TradingView name."""
        row = self._desk_row(instrument)
        known = asset_class_of(row)
        return None if known is None else make_instrument(symbol, instrument, known, tick_of(row))

    def remember(self, instrument: Instrument) -> None:
        """Keep the class and the tick of an instrument: orders name only its symbol."""
        params = {
            "account": self._account,
            "instrument": instrument.key,
            "asset_class": instrument.asset_class.value,
            "tick": plain(instrument.tick),
        }
        self._tx.run(Q["put_instrument"], params)

    def open(self, instrument: str, symbol: str | None, now: datetime) -> Desk:
        """The book of an instrument, with what was quoted last."""
        row = self._desk_row(instrument)
        params = {"account": self._account, "instrument": instrument}
        orders = [
            paper_order_of(each) for each in self._tx.run(Q["open_orders"], params).fetchall()
        ]
        name = symbol or (orders[0].symbol if orders else instrument)
        quote = quote_of(row)
        made = make_instrument(name, instrument, asset_class_of(row), tick_of(row))
        account = Account(
            instrument=made,
            cash=self._cash(row),
            holding=holding_of(row),
            last_price=None if quote is None else quote.price,
            positions=cache(lambda: self.holdings()[1]),
            fee=self._options.fee,
            slippage=self._options.slippage(made.tick),
        )
        return Desk(quote, Book(account, orders, now))

    def save(self, book: Book) -> None:
        """Write back what a book has changed."""
        for order in book.changed.values():
            self._tx.run(Q["put_order"], {"account": self._account, **order_params(order)})
        for fill in book.fills:
            self._tx.run(Q["add_fill"], {"account": self._account, **fill_params(fill)})
        if book.fills:
            self._save_account(book.account)

    def put_quote(self, instrument: str, quote: Quote) -> None:
        """Make a price the newest."""
        params = {
            "account": self._account,
            "instrument": instrument,
            "price": plain(quote.price),
            "at": to_db(quote.at),
        }
        self._tx.run(Q["put_quote"], params)

    def _save_account(self, account: Account) -> None:
        held = account.holding
        self._tx.run(Q["put_cash"], {"account": self._account, "cash": plain(account.cash)})
        params = {
            "account": self._account,
            "instrument": account.instrument.key,
            "symbol": account.instrument.symbol,
            "quantity": plain(held.quantity),
            "entry_price": plain(held.entry_price),
        }
        self._tx.run(Q["put_position" if held.quantity else "drop_position"], params)

    def _by_order(self, query: Query, params: Mapping[str, object]) -> dict[str, list[Row]]:
        """The rows of each order, one for each of its fills."""
        rows: dict[str, list[Row]] = {}
        for row in self._tx.run(query, params).fetchall():
            rows.setdefault(row["client_order_id"], []).append(row)
        return rows

    def _desk_row(self, instrument: str) -> Row:
        params = {"account": self._account, "instrument": instrument}
        row: Row = self._tx.run(Q["desk"], params).fetchall()[0]
        return row

    def _cash(self, row: Row) -> Decimal:
        return self._options.cash if row["cash"] is None else Decimal(row["cash"])
