"""The order that closes: sized by what is held, at market or at the limit that was asked for."""

from decimal import Decimal

from app.domain.alert import Amount, AmountUnit
from app.domain.capabilities import Capabilities
from app.domain.decision import Denied, TradeType
from app.domain.order import OrderIntent, OrderRole, OrderType, Side
from app.domain.sizing import Means, exit_quantity
from app.domain.ticks import round_to_tick
from app.engine.judge import Case

THROUGH = Decimal("0.01")
"""How far beyond the quote the limit of an exit lies that has to fill, and may not be a market."""
LASTING = frozenset({"day", "gtc", "ioc", "fok"})
"""An auction is hours away, and nothing would protect the position until then."""


def exit_order(
    case: Case,
    client_order_id: str,
    held: Decimal,
    share: Amount,
    kind: TradeType,
    *,
    whole: bool = False,
) -> OrderIntent | Denied:
    """The order that closes a share of what is held, never more.

    Args:
        case: the alert, its account and instrument.
        client_order_id: our id of the order.
        held: what is the strategy's at this moment, not zero, negative when short.
        share: units, money, or a percentage of the position.
        kind: only an EXIT may ask for a limit; the close of a reversal must fill.
        whole: in whole units only, so that what is left can be protected.
    """
    instrument = case.instrument
    quantity = exit_quantity(share, held, _grid(case, share, whole=whole))
    if isinstance(quantity, Denied):
        return quantity
    side = Side.SELL if held > 0 else Side.BUY
    limit = _limit(case, side, kind)
    return OrderIntent(
        client_order_id=client_order_id,
        account=case.account.name,
        symbol=instrument.symbol,
        instrument=instrument.key,
        side=side,
        quantity=quantity,
        role=OrderRole.EXIT,
        order_type=OrderType.MARKET if limit is None else OrderType.LIMIT,
        strategy=case.strategy,
        limit_price=None
        if limit is None
        else round_to_tick(limit, instrument.tick, side=side, stop=False),
        multiplier=instrument.multiplier,
        time_in_force=_lasts(case, kind, quantity),
        extended_hours=case.extended_hours and limit is not None,
    )


def _price(case: Case) -> Decimal | None:
    quote = case.account.broker.quote(case.instrument.key)
    return quote.price if quote is not None else None


def _abilities(case: Case) -> Capabilities:
    return case.account.broker.capabilities.for_class(case.instrument.asset_class)


def _limit(case: Case, side: Side, kind: TradeType) -> Decimal | None:
    """The limit that was asked for; where nothing else is taken at this hour, one that fills."""
    alert = case.alert
    if kind is TradeType.EXIT and alert.order_type is OrderType.LIMIT:
        return alert.limit_price
    if not (case.after_hours and _abilities(case).limits_after_hours):
        return None
    price = _price(case)
    return None if price is None else price * (1 + side.sign * THROUGH)


def _lasts(case: Case, kind: TradeType, quantity: Decimal) -> str:
    """As long as it was asked for, where its broker takes that for such a quantity."""
    words, asked = _abilities(case).times_in_force, case.alert.time_in_force
    usual = "day" if "day" in words else "gtc"
    if asked is None or kind is not TradeType.EXIT or asked not in words & LASTING:
        return usual
    parts = quantity % 1 and not _abilities(case).fractional_brackets
    return usual if parts else asked


def _grid(case: Case, share: Amount, *, whole: bool) -> Means:
    return Means(
        price=_price(case) if share.unit is AmountUnit.CASH else None,
        equity=Decimal(0),
        buying_power=Decimal(0),
        multiplier=case.instrument.multiplier,
        step=max(case.instrument.step, Decimal(1)) if whole else case.instrument.step,
        lot=case.instrument.lot,
    )
