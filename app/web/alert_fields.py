"""An alert's fields: read from an element under any of their names, and shown under their first."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from decimal import Decimal

from app.domain.alert import Alert, AmountUnit
from app.domain.errors import MalformedAlert
from app.domain.order import Level
from app.domain.timeframe import canonical_timeframe
from app.web import words
from app.web.accounts import read_account
from app.web.actions import read_action
from app.web.instruments import read_expiry, read_strike, read_symbol
from app.web.levels import protection_not_understood, read_protection
from app.web.moments import Moments, read_deadline, read_moments
from app.web.names import shown
from app.web.positions import read_position
from app.web.prices import read_prices
from app.web.quantities import read_quantity
from app.web.readers import Reading, list_of, text_of
from app.web.synonyms import Given

LONGEST_ID = 128
LONGEST_COMMENT = 1000

_PLAIN_FIELDS = (
    "product_type",
    "strike",
    "option_type",
    "expiry",
    "sentiment",
    "market_position",
    "prev_market_position",
    "account",
    "strategy",
    "time_in_force",
    "extended_hours",
    "comment",
    "tags",
)


def parse_alert(element: Mapping[str, object], *, now: datetime) -> Alert:
    """Read an element under every name that its fields are known by.

    Args:
        element: one element of a delivery, its secrets removed.
        now: the time of receipt, which takes the place of a time in the future.

    Raises:
        MalformedAlert: something in it cannot be understood; the message names the field.
    """
    reading = Reading(Given(element), now)
    asked, action_sent = read_action(reading)
    position = read_position(reading)
    protection = read_protection(reading, asked.side or position.word)
    strike, expiry = read_strike(reading), read_expiry(reading)
    option_type = reading.word("option_type", words.OPTION_TYPES)
    prices = read_prices(reading, of_option=bool(strike or expiry or option_type))
    moments = read_moments(reading)
    alert = Alert(
        action=asked.action,
        wants_state=asked.state,
        closes=asked.closes,
        symbol=read_symbol(reading, "symbol") or "",
        exchange=read_symbol(reading, "exchange"),
        timeframe=_read_timeframe(reading),
        quantity=read_quantity(reading, may_be_zero=asked.only_closes or position.is_told),
        order_type=prices.order_type,
        limit_price=prices.limit_price,
        stop_price=prices.stop_price,
        price=prices.price,
        stop_loss=protection.stop_loss,
        take_profit=protection.take_profit,
        trail=protection.trail,
        product_type=reading.word("product_type", words.PRODUCT_TYPES),
        strike=strike,
        option_type=option_type,
        expiry=expiry,
        sentiment=position.sentiment,
        market_position=position.market,
        prev_market_position=position.previous,
        position_size=position.size,
        prev_position_size=position.previous_size,
        account=read_account(reading),
        strategy=_read_strategy(reading),
        id=_read_id(reading, moments),
        idempotency_key=reading.text("idempotency_key", LONGEST_ID),
        fired_at=moments.fired_at,
        bar_at=moments.bar_at,
        time_in_force=reading.word("time_in_force", words.TIMES_IN_FORCE),
        extended_hours=reading.yes_or_no("extended_hours"),
        expires_at=read_deadline(reading, "expires_at"),
        comment=reading.text("comment", LONGEST_COMMENT, lines=True),
        tags=_read_tags(reading),
        unusable=frozenset(reading.unusable),
        unsupported=(*reading.unsupported, *protection_not_understood(reading)),
        notes=tuple(reading.notes),
        sent=_as_sent(reading, action_sent),
    )
    if protection.fault is not None and not alert.only_reduces:
        raise protection.fault
    return alert


def shown_fields(alert: Alert) -> dict[str, object]:
    """The fields of an alert as the API shows them: what was given, under its first name."""
    return {name: value for name, value in _shown(alert) if value not in (None, "")}


def _read_timeframe(reading: Reading) -> str | None:
    candidate = reading.first("timeframe")
    if candidate is None:
        return None
    text = text_of(candidate)
    timeframe = canonical_timeframe(text)
    if timeframe is None:
        raise MalformedAlert(f"{shown(candidate.name)}: {shown(text)} is not a timeframe")
    return timeframe


def _read_strategy(reading: Reading) -> str | None:
    """The strategy's name; messages with a `command` give it as `id`."""
    name = reading.text("strategy")
    return name or (reading.text("id") if reading.given.has("command") else None)


def _read_id(reading: Reading, moments: Moments) -> str | None:
    """The id that the sender gave; an `order_id` is one only together with the time."""
    if reading.given.has("command"):
        return None
    given = reading.text("id", LONGEST_ID)
    order_id = reading.text("order_id", LONGEST_ID)
    if given is not None or order_id is None or moments.sent_at is None:
        return given
    return f"{order_id}@{_utc(moments.sent_at)}"


def _read_tags(reading: Reading) -> str | None:
    candidate = reading.first("tags")
    tags = list_of(candidate.value) if candidate else None
    if candidate is None or tags is None:
        return reading.text("tags", LONGEST_COMMENT)
    return ",".join(text_of(candidate._replace(value=tag)) for tag in tags)


def _as_sent(reading: Reading, action: str) -> dict[str, str]:
    sent = {"action": action} if action else {}
    for field in ("symbol", "timeframe"):
        text = reading.text(field)
        if text is not None:
            sent[field] = text
    return sent


def _shown(alert: Alert) -> Iterator[tuple[str, object]]:
    quantity = alert.quantity
    yield "action", alert.action.value if alert.action else None
    yield "symbol", alert.symbol
    yield "exchange", alert.exchange
    yield "timeframe", alert.timeframe
    yield "quantity", _decimal(quantity.value if quantity else None)
    yield "quantity_type", _unit(alert)
    yield "order_type", alert.order_type.value if alert.order_type else None
    yield "limit_price", _decimal(alert.limit_price)
    yield "stop_price", _decimal(alert.stop_price)
    yield "price", _decimal(alert.price)
    yield "stop_loss", _level(alert.stop_loss)
    yield "take_profit", _level(alert.take_profit)
    yield "trail", _level(alert.trail)
    for name in _PLAIN_FIELDS:
        yield name, getattr(alert, name)
    yield "position_size", _decimal(alert.position_size)
    yield "id", alert.id or alert.idempotency_key
    yield "time", _utc(alert.fired_at or alert.bar_at)
    yield "expires_at", _utc(alert.expires_at)


def _unit(alert: Alert) -> str | None:
    """What the quantity counts: a bare "50%" is of the position for exits, of equity otherwise."""
    if alert.quantity is None:
        return None
    if alert.quantity.unit is not AmountUnit.PERCENT:
        return alert.quantity.unit.value
    of = AmountUnit.PERCENT_OF_POSITION if alert.only_reduces else AmountUnit.PERCENT_OF_EQUITY
    return of.value


def _decimal(number: Decimal | None) -> str | None:
    return None if number is None else f"{number:f}"


def _level(level: Level | None) -> dict[str, str] | None:
    if level is None:
        return None
    shown_level = {level.kind.value: f"{level.value:f}"}
    return shown_level | {"type": level.type} if level.type else shown_level


def _utc(moment: datetime | None) -> str | None:
    return None if moment is None else moment.astimezone(UTC).isoformat().replace("+00:00", "Z")
