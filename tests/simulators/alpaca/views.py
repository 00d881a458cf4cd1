"""What the trading API shows. Numbers are strings."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from app.domain.session import Session
from tests.simulators.alpaca.accounts import Account, Holding
from tests.simulators.alpaca.assets import Asset
from tests.simulators.alpaca.hours import NEW_YORK, ONE_DAY
from tests.simulators.alpaca.moments import text_of
from tests.simulators.alpaca.money import Purse
from tests.simulators.alpaca.orders import NINE, ZERO, Order
from tests.simulators.alpaca.world import World

Shown = dict[str, Any]

_ENDINGS = ("filled_at", "expired_at", "canceled_at", "failed_at", "replaced_at")


def number(value: Decimal) -> str:
    """A number without an exponent and without zeros at its end; at most nine decimals."""
    text = f"{value.quantize(NINE):f}"
    text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text


def maybe(value: Decimal | None) -> str | None:
    """A number, or null."""
    return None if value is None else number(value)


def order(shown: Order, *, nested: bool) -> Shown:
    """An order; with its legs when they are asked for."""
    legs = [_leg(leg) for leg in shown.legs] if nested and shown.legs else None
    ended: Shown = dict.fromkeys(_ENDINGS) | {
        name: text_of(at) for name, at in shown.ended_at.items()
    }
    return {
        "id": shown.id,
        "client_order_id": shown.client_order_id,
        "created_at": text_of(shown.created_at),
        "updated_at": text_of(shown.updated_at),
        "submitted_at": text_of(shown.created_at),
        "expires_at": text_of(shown.expires_at),
        **ended,
        "replaced_by": shown.replaced_by,
        "replaces": shown.replaces,
        "asset_id": shown.asset.id,
        "symbol": shown.asset.symbol,
        "asset_class": shown.asset.asset_class,
        "notional": maybe(shown.notional),
        "qty": maybe(shown.qty),
        "filled_qty": number(shown.filled_qty),
        "filled_avg_price": maybe(shown.average),
        "order_class": shown.order_class,
        "order_type": shown.type.value,
        "type": shown.type.value,
        "side": side_of(shown.side),
        "position_intent": shown.intent,
        "time_in_force": shown.time_in_force,
        "limit_price": maybe(shown.limit_price),
        "stop_price": maybe(shown.stop_price),
        "status": shown.status,
        "extended_hours": shown.extended_hours,
        "legs": legs,
        "trail_percent": maybe(shown.trail_percent),
        "trail_price": maybe(shown.trail_price),
        "hwm": maybe(shown.hwm),
    }


def _leg(shown: Order) -> Shown:
    """A leg under its parent."""
    told = order(shown, nested=False)
    del told["expires_at"]
    return told


def side_of(sign: int) -> str:
    """The word for +1 and -1."""
    return "buy" if sign > 0 else "sell"


def account(world: World, shown: Account) -> Shown:
    """An account and its money."""
    purse = Purse(world, shown)
    free = purse.buying_power
    return {
        "id": shown.id,
        "account_number": f"PA{shown.id[:8].upper()}",
        "status": shown.status,
        "crypto_status": shown.crypto_status,
        "currency": "USD",
        "cash": number(shown.cash),
        "equity": number(purse.equity),
        "last_equity": number(shown.start),
        "portfolio_value": number(purse.equity),
        "long_market_value": number(purse.long_value),
        "short_market_value": number(purse.short_value),
        "initial_margin": number(purse.margin),
        "maintenance_margin": number(purse.maintenance),
        "last_maintenance_margin": "0",
        "sma": number(purse.equity),
        "buying_power": number(free),
        "regt_buying_power": number(free),
        "non_marginable_buying_power": number(purse.cash_power),
        "options_buying_power": number(purse.cash_power),
        "options_approved_level": shown.options_level,
        "options_trading_level": shown.options_level,
        "multiplier": str(shown.multiplier),
        "accrued_fees": "0",
        "pending_transfer_in": "0",
        "intraday_adjustments": "0",
        "pending_reg_taf_fees": "0",
        "balance_asof": f"{world.now():%Y-%m-%d}",
        "created_at": text_of(shown.created_at),
        "trading_blocked": shown.trading_blocked,
        "transfers_blocked": False,
        "account_blocked": shown.account_blocked,
        "trade_suspended_by_user": shown.trade_suspended_by_user,
        "shorting_enabled": shown.shorting_enabled,
    }


def asset(shown: Asset) -> Shown:
    """An asset."""
    easy = shown.shortable and not shown.is_crypto
    told: Shown = {
        "id": shown.id,
        "class": shown.asset_class,
        "exchange": shown.exchange,
        "symbol": shown.symbol,
        "name": shown.name,
        "status": "active" if shown.active else "inactive",
        "tradable": shown.tradable,
        "marginable": shown.marginable,
        "shortable": shown.shortable,
        "easy_to_borrow": easy,
        "fractionable": shown.fractionable,
        "attributes": [],
    }
    if shown.is_crypto:
        told["min_order_size"] = maybe(shown.min_order_size)
        told["min_trade_increment"] = maybe(shown.min_trade_increment)
        told["price_increment"] = maybe(shown.price_increment)
    else:
        told["borrow_status"] = "easy_to_borrow" if easy else "hard_to_borrow"
        told["margin_requirement_long"] = told["margin_requirement_short"] = "30"
    return told


def position(world: World, owner: Account, shown: Holding) -> Shown:
    """A position."""
    quote = world.quotes[shown.asset.symbol]
    value = world.value(shown.asset, shown.qty)
    cost = shown.cost * shown.sign * shown.asset.multiplier
    gain = value - cost
    share = gain / abs(cost) if cost else ZERO
    held, _ = owner.reserved(shown.asset)
    free = max(ZERO, abs(shown.qty) - held) * shown.sign
    return {
        "asset_id": shown.asset.id,
        "symbol": shown.asset.held_as,
        "exchange": "" if shown.asset.is_option else shown.asset.exchange,
        "asset_class": shown.asset.asset_class,
        "asset_marginable": shown.asset.marginable,
        "avg_entry_price": number(shown.average),
        "qty": number(shown.qty),
        "qty_available": number(free),
        "side": "long" if shown.qty > 0 else "short",
        "market_value": number(value),
        "cost_basis": number(cost),
        "unrealized_pl": number(gain),
        "unrealized_plpc": number(share),
        "unrealized_intraday_pl": number(gain),
        "unrealized_intraday_plpc": number(share),
        "current_price": number(quote.side(-shown.sign)),
        "lastday_price": number(quote.side(-shown.sign)),
        "change_today": "0",
    }


def contract(shown: Asset, underlying: Asset | None) -> Shown:
    """An option contract."""
    terms = shown.contract
    kind = "call" if terms.is_call else "put"
    return {
        "id": shown.id,
        "symbol": shown.symbol,
        "name": f"{terms.underlying} {terms.expires:%b %d %Y} {number(terms.strike)} {kind}",
        "status": "active" if shown.active else "inactive",
        "tradable": shown.tradable,
        "expiration_date": terms.expires.isoformat(),
        "root_symbol": terms.underlying,
        "underlying_symbol": terms.underlying,
        "underlying_asset_id": underlying.id if underlying else shown.id,
        "type": kind,
        "style": "american",
        "strike_price": number(terms.strike),
        "multiplier": str(shown.multiplier),
        "size": str(shown.multiplier),
    }


def day(on: date, regular: Session, extended: Session) -> Shown:
    """A day of the calendar, by the clocks of New York."""

    def wall(at: datetime, form: str) -> str:
        return at.astimezone(NEW_YORK).strftime(form)

    return {
        "date": on.isoformat(),
        "open": wall(regular.opens, "%H:%M"),
        "close": wall(regular.closes, "%H:%M"),
        "session_open": wall(extended.opens, "%H%M"),
        "session_close": wall(extended.closes, "%H%M"),
        "settlement_date": (on + ONE_DAY).isoformat(),
    }
