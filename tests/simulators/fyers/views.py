"""What the REST API shows."""

from decimal import Decimal
from typing import Any

from tests.simulators.fyers.accounts import Account, Holding, Position
from tests.simulators.fyers.gtt import Gtt
from tests.simulators.fyers.instruments import Instrument
from tests.simulators.fyers.orders import ZERO, Order
from tests.simulators.fyers.world import World

Shown = dict[str, Any]

_PAISA = Decimal("0.01")
_FUNDS = (
    "Total Balance",
    "Utilized Amount",
    "Clear Balance",
    "Realized Profit and Loss",
    "Collaterals",
    "Fund Transfer",
    "Receivables",
    "Adhoc Limit",
    "Limit at start of the day",
    "Available Balance",
)


def number(value: Decimal) -> float:
    """A number of an answer."""
    return float(round(value, 4))


def order(world: World, account: Account, shown: Order) -> Shown:
    """An order, as a row of the order book; what follows the market is left out."""
    instrument = shown.instrument
    row: Shown = {
        "clientId": account.fy_id,
        "id": shown.id,
        "exchOrdId": shown.exchange_id,
        "qty": shown.qty,
        "remainingQuantity": shown.left if shown.is_open else 0,
        "filledQty": shown.filled,
        "disclosedQty": shown.disclosed,
        "limitPrice": number(shown.limit_price),
        "stopPrice": number(shown.stop_price),
        "tradedPrice": number(shown.average),
        "type": int(shown.type),
        "fyToken": instrument.fytoken,
        "exchange": instrument.exchange,
        "segment": instrument.segment,
        "symbol": instrument.symbol,
        "instrument": int(instrument.kind),
        "message": shown.message,
        "offlineOrder": shown.offline,
        "orderDateTime": world.wall(shown.created_at),
        "orderValidity": shown.validity,
        "pan": "",
        "productType": shown.product,
        "side": shown.side,
        "status": int(shown.status),
        "source": shown.source,
        "ex_sym": instrument.underlying,
        "description": instrument.description,
        "slNo": len(account.orders),
        "orderNumStatus": f"{shown.id}:{int(shown.status)}",
        "orderTag": shown.tag,
    }
    if shown.parent:
        row["parentId"] = shown.parent
    if shown.legs.asked:
        row["takeProfit"] = number(shown.legs.take_profit or ZERO)
        row["stopLoss"] = number(shown.legs.stop_loss or ZERO)
        row["legType"] = 2 if shown.legs.percent else 1
    return row


def market_facts(world: World, instrument: Instrument) -> Shown:
    """What a row of an order tells of the market."""
    return {"ch": 0.0, "chp": 0.0, "lp": number(world.last(instrument))}


def trade(
    world: World, account: Account, done: Order, qty: int, price: Decimal, trade_id: str
) -> Shown:
    """A row of the trade book."""
    return {
        "clientId": account.fy_id,
        "orderDateTime": world.wall(done.updated_at),
        "orderNumber": done.id,
        "exchangeOrderNo": done.exchange_id,
        "exchange": done.instrument.exchange,
        "side": done.side,
        "segment": done.instrument.segment,
        "orderType": int(done.type),
        "fyToken": done.instrument.fytoken,
        "productType": done.product,
        "tradedQty": qty,
        "tradePrice": number(price),
        "tradeValue": number(qty * price),
        "tradeNumber": trade_id,
        "row": len(account.trades) + 1,
        "symbol": done.instrument.symbol,
        "orderTag": done.tag,
    }


def position(world: World, held: Position) -> Shown:
    """A position."""
    last = world.last(held.instrument)
    open_profit = held.net * last - held.side * held.cost
    carried_buys, carried_sales = max(held.carried, 0), max(-held.carried, 0)
    bought, paid = held.bought
    sold, received = held.sold
    return {
        "symbol": held.instrument.symbol,
        "id": held.id,
        "buyAvg": number(paid / bought if bought else ZERO),
        "buyQty": bought + carried_buys,
        "buyVal": number(paid),
        "sellAvg": number(received / sold if sold else ZERO),
        "sellQty": sold + carried_sales,
        "sellVal": number(received),
        "netAvg": number(held.average),
        "avgPrice": number(held.average),
        "netQty": held.net,
        "side": held.side,
        "qty": abs(held.net),
        "productType": held.product,
        "realized_profit": number(held.realized),
        "unrealized_profit": number(open_profit),
        "pl": number(held.realized + open_profit),
        "ltp": number(last),
        "crossCurrency": "N",
        "rbiRefRate": 1.0,
        "fyToken": held.instrument.fytoken,
        "exchange": held.instrument.exchange,
        "segment": held.instrument.segment,
        "dayBuyQty": bought,
        "daySellQty": sold,
        "cfBuyQty": carried_buys,
        "cfSellQty": carried_sales,
        "qtyMulti_com": 1.0,
    }


def overall(shown: list[Shown]) -> Shown:
    """What all positions come to."""
    return {
        "count_total": len(shown),
        "count_open": sum(1 for row in shown if row["netQty"]),
        "pl_total": round(sum(row["pl"] for row in shown), 4),
        "pl_realized": round(sum(row["realized_profit"] for row in shown), 4),
        "pl_unrealized": round(sum(row["unrealized_profit"] for row in shown), 4),
    }


def holding(world: World, number_of: int, held: Holding) -> Shown:
    """Shares at home."""
    last = world.last(held.instrument)
    return {
        "id": number_of,
        "symbol": held.instrument.symbol,
        "isin": held.instrument.isin,
        "holdingType": "T1" if held.fresh else "HLD",
        "quantity": held.qty,
        "remainingQuantity": held.left,
        "qty_t1": held.qty if held.fresh else 0,
        "collateralQuantity": 0,
        "remainingPledgeQuantity": held.left,
        "costPrice": number(held.cost),
        "marketVal": number(held.qty * last),
        "pl": number(held.qty * (last - held.cost)),
        "ltp": number(last),
        "fyToken": held.instrument.fytoken,
        "exchange": held.instrument.exchange,
        "segment": held.instrument.segment,
    }


def overall_holdings(shown: list[Shown]) -> Shown:
    """What all holdings come to."""
    invested = sum(row["costPrice"] * row["quantity"] for row in shown)
    gained = sum(row["pl"] for row in shown)
    return {
        "count_total": len(shown),
        "total_investment": round(invested, 4),
        "total_current_value": round(invested + gained, 4),
        "total_pl": round(gained, 4),
        "pnl_perc": round(100 * gained / invested, 4) if invested else 0.0,
    }


def funds(account: Account) -> list[Shown]:
    """The limits of an account."""
    realized = sum((each.realized for each in account.positions.values()), ZERO)
    total, available = account.opening + realized, account.available
    used, none = total - available, (ZERO,) * 4
    amounts = (total, used, total, realized, *none, account.opening, available)
    return [
        {"id": place, "title": title, "equityAmount": _money(amount), "commodityAmount": 0}
        for place, (title, amount) in enumerate(zip(_FUNDS, amounts, strict=True), 1)
    ]


def _money(amount: Decimal) -> float:
    return float(amount.quantize(_PAISA))


def profile(account: Account) -> Shown:
    """Who the user is."""
    return {
        "fy_id": account.fy_id,
        "name": "A SIMULATED USER",
        "display_name": "",
        "image": None,
        "email_id": "user@example.com",
        "PAN": "",
        "mobile_number": "",
        "totp": bool(account.totp),
        "pin_change_date": "01-01-2026 10:00:00",
        "pwd_change_date": "",
        "pwd_to_expire": 90,
        "ddpi_enabled": account.edis,
        "mtf_enabled": True,
    }


def gtt(world: World, account: Account, shown: Gtt) -> Shown:
    """A row of the book of GTT orders."""
    first, second = shown.legs[0], shown.legs[1] if len(shown.legs) > 1 else None
    created = shown.created_at // 10**9
    tag = {"orderTag": shown.tag} if world.rules.gtt_tells else {}
    return {
        **tag,
        "clientId": account.fy_id,
        "exchange": shown.instrument.exchange,
        "fy_token": shown.instrument.fytoken,
        "id_fyers": shown.id,
        "id": shown.id,
        "instrument": int(shown.instrument.kind),
        "lot_size": shown.instrument.lot,
        "multiplier": 0,
        "ord_status": int(shown.status),
        "precision": 2,
        "price_limit": number(first.price),
        "price2_limit": number(second.price) if second else 0,
        "price_trigger": number(first.trigger),
        "price2_trigger": number(second.trigger) if second else 0,
        "product_type": shown.product,
        "qty": first.qty,
        "qty2": second.qty if second else 0,
        "report_type": "",
        "segment": shown.instrument.segment,
        "symbol": shown.instrument.symbol,
        "symbol_desc": shown.instrument.description,
        "symbol_exch": shown.instrument.underlying,
        "tick_size": number(shown.instrument.tick),
        "tran_side": shown.side,
        "gtt_oco_ind": 2 if second else 1,
        "create_time": world.wall(shown.created_at),
        "create_time_epoch": created,
        "oms_msg": shown.message,
        "ltp": number(world.last(shown.instrument)),
    }
