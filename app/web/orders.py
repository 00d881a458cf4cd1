"""Orders: what was sent, what became of it, and canceling one by hand.

What others have working at a broker stands before the first page, and is only shown.
"""

from collections.abc import Iterator
from http import HTTPStatus
from typing import assert_never

from flask import Blueprint, Response, jsonify

from app.domain.instrument import Ticker
from app.domain.order import BrokerOrder, Fill, OrderType
from app.engine.order_desk import Obstacle, OrderDesk
from app.engine.services import Services
from app.ports.journal import OrderRecord
from app.ports.records import OrderFilter, Records
from app.web import answers
from app.web.described import described
from app.web.errors import ApiError
from app.web.pages import answer as paged
from app.web.pages import first_page
from app.web.results import text
from app.web.schemas import MOST, CancelQuery, OrdersQuery, read_query, utc


def orders_blueprint(services: Services, desk: OrderDesk) -> Blueprint:
    """`/api/v1/orders`."""
    records, journal = services.records, services.journal
    blueprint = Blueprint("orders", __name__, url_prefix="/api/v1/orders")

    @blueprint.get("")
    @described(
        "Orders, newest first, legs among them; before them what is foreign",
        answers.Orders,
        query=OrdersQuery,
    )
    def every() -> Response:
        query = read_query(OrdersQuery)
        wanted = OrderFilter(
            status=query.status,
            symbol=query.symbol,
            account=query.account,
            alert_id=query.alert_id,
            before=query.cursor,
            limit=query.limit,
        )
        page = first_page(records.orders, wanted)
        foreign = () if query.cursor is not None else _foreign(services, query)
        shown = [*foreign, *map(shown_order, page.items)]
        return paged("orders", shown, page.next_cursor)

    @blueprint.get("/<client_order_id>")
    @described("One order, its legs and its fills", answers.WholeOrder, errors=(404,))
    def one(client_order_id: str) -> Response:
        order = journal.order(client_order_id)
        if order is None:
            raise _refusal(Obstacle.UNKNOWN)
        return jsonify(_whole(records, order))

    @blueprint.delete("/<client_order_id>")
    @described(
        "Cancel an order; a protective leg of an open position only with `force`",
        answers.WholeOrder,
        answers={202: answers.Error},
        errors=(404, 409),
        query=CancelQuery,
    )
    def cancel(client_order_id: str) -> Response:
        answer = desk.cancel(client_order_id, force=read_query(CancelQuery).force)
        if isinstance(answer, Obstacle):
            raise _refusal(answer)
        return jsonify(_whole(records, answer))

    return blueprint


def shown_order(order: OrderRecord) -> answers.Order:
    """An order as every answer shows it: decimals as texts."""
    return {
        "client_order_id": order.client_order_id,
        "broker_order_id": order.broker_order_id,
        "alert_id": order.alert_id,
        "account": order.account,
        "symbol": order.symbol,
        "side": order.side,
        "quantity": text(order.quantity),
        "filled_quantity": text(order.filled_quantity),
        "order_type": order.order_type,
        "limit_price": text(order.limit_price),
        "stop_price": text(order.stop_price),
        "average_price": text(order.average_price),
        "role": order.role,
        "status": order.status,
        "reason": order.reason,
        "parent": order.parent,
        "submitted_at": utc(order.submitted_at),
        "updated_at": utc(order.updated_at),
        "foreign": False,
    }


def _foreign(services: Services, query: OrdersQuery) -> Iterator[answers.Order]:
    """What worked at the brokers at the latest look, and is not ours."""
    if query.alert_id is not None:
        return
    wanted = None if query.symbol is None else Ticker.parse(query.symbol).key
    for account in services.accounts:
        if query.account not in (None, account.name):
            continue
        for order in services.order_check.strangers(account):
            named = wanted in (None, Ticker.parse(order.symbol).key)
            if named and query.status in (None, order.status):
                yield _shown_foreign(account.name, order)


def _shown_foreign(account: str, order: BrokerOrder) -> answers.Order:
    return {
        "client_order_id": order.client_order_id,
        "broker_order_id": order.broker_order_id,
        "alert_id": None,
        "account": account,
        "symbol": order.symbol,
        "side": order.side,
        "quantity": text(order.quantity),
        "filled_quantity": text(order.filled_quantity),
        "order_type": _type_of(order),
        "limit_price": text(order.limit_price),
        "stop_price": text(order.stop_price),
        "average_price": text(order.average_price),
        "role": None,
        "status": order.status,
        "reason": order.reason,
        "parent": None,
        "submitted_at": None,
        "updated_at": None,
        "foreign": True,
    }


def _type_of(order: BrokerOrder) -> OrderType:
    """By its prices."""
    if order.stop_price is not None:
        return OrderType.STOP if order.limit_price is None else OrderType.STOP_LIMIT
    return OrderType.MARKET if order.limit_price is None else OrderType.LIMIT


def _whole(records: Records, order: OrderRecord) -> answers.WholeOrder:
    siblings = records.orders(OrderFilter(alert_id=order.alert_id, limit=MOST)).items
    legs = [leg for leg in siblings if leg.parent == order.client_order_id]
    fills = records.fills_of(order.client_order_id)
    return {
        **shown_order(order),
        "legs": [shown_order(leg) for leg in legs],
        "fills": [_shown_fill(fill) for fill in fills],
    }


def _shown_fill(fill: Fill) -> answers.Fill:
    return {
        "fill_id": fill.fill_id,
        "quantity": text(fill.quantity),
        "price": text(fill.price),
        "fee": text(fill.fee),
        "at": utc(fill.at),
    }


def _refusal(obstacle: Obstacle) -> ApiError:
    match obstacle:
        case Obstacle.UNKNOWN:
            return ApiError(HTTPStatus.NOT_FOUND, obstacle, "there is no such order")
        case Obstacle.NOT_CANCELABLE:
            words = "nothing of it rests at the broker that could be canceled"
            return ApiError(HTTPStatus.CONFLICT, obstacle, words)
        case Obstacle.PROTECTIVE_LEG:
            words = "it protects a position; ?force=1 cancels it all the same"
            return ApiError(HTTPStatus.CONFLICT, obstacle, words)
        case _:
            assert_never(obstacle)
