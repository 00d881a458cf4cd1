"""Protection: stop loss, take profit and trail, and what looks like one and was not understood."""

import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import NamedTuple

from app.domain.errors import MalformedAlert
from app.domain.order import Level, LevelKind, OrderType
from app.web.names import fold, shown
from app.web.readers import Reading, list_of, mapping_of, number_of
from app.web.synonyms import Candidate
from app.web.words import ORDER_TYPES

# The parts of an object, best first: `stopLoss: {"type": "stop", "percent": 5}`.
_PARTS = {
    "percent": LevelKind.PERCENT,
    "amount": LevelKind.OFFSET,
    "stopprice": LevelKind.PRICE,
    "limitprice": LevelKind.PRICE,
    "price": LevelKind.PRICE,
    "trailpercent": LevelKind.PERCENT,
    "trailamount": LevelKind.OFFSET,
}
_KINDS = (
    ("", LevelKind.PRICE),
    (".percent", LevelKind.PERCENT),
    (".offset", LevelKind.OFFSET),
)

_PROTECTION = re.compile("stop|target|takeprofit|trail|breakeven")
_SHORT_PROTECTION = re.compile("sl|tp")
# Ordinary words with the letters of `sl` or `tp` in them, such as slow_ma, lastprice and isLong.
_OTHER_WORDS = re.compile(
    r"sl(?:ow|ope|ip|ack|ot|ug|eep|ic|id|ash)|(?<=[a-z])sl(?:a|ine|ist|ive|ong|ength)"
    r"|(?<=[a-z])tp(?:rice|eriod|os|nl|rofit|ercent|air|ivot|ut)|https?|s?ftp|smtp"
)
_CAMEL = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_ZERO = re.compile(r"[-+]?0*+\.?0*+%?|false|no|off|disabled", re.IGNORECASE)


class Protection(NamedTuple):
    """What is to protect the position, or the fault for which it could not be read."""

    stop_loss: Level | None = None
    take_profit: Level | None = None
    trail: Level | None = None
    fault: MalformedAlert | None = None


def read_protection(reading: Reading, side: str | None) -> Protection:
    """The protection asked for. A fault in it is returned: a bad level must not stop an exit.

    `side` is `long` or `short` where it is known: `long SL` serves buys, `short SL` sells.
    """
    try:
        return Protection(
            read_level(reading, "stop_loss", side),
            read_level(reading, "take_profit", side),
            read_trail(reading),
        )
    except MalformedAlert as fault:
        reading.notes.append(f"ignored, since the alert only closes: {fault}")
        return Protection(fault=fault)


def read_level(reading: Reading, field: str, side: str | None) -> Level | None:
    """A stop loss or take profit, under any of its names; zero and empty count as absent."""
    for suffix, kind in _KINDS:
        level = _first_level(reading, field, suffix, kind)
        if level is not None or field in reading.unusable:
            return level
    if side in ("long", "short"):
        return _first_level(reading, field, f".{side}", LevelKind.PRICE)
    for candidate in (*reading.given.of(f"{field}.long"), *reading.given.of(f"{field}.short")):
        if not _is_zero(candidate.value):
            reading.unsupported.append(candidate.name)
    return None


def read_trail(reading: Reading) -> Level | None:
    """A trailing distance: a bare number is a distance in price."""
    for candidate in reading.given.of("trail"):
        if candidate.value is True or str(candidate.value).lower() == "true":
            reading.unsupported.append(candidate.name)
            return None
    for suffix, kind in (("", LevelKind.OFFSET), *_KINDS[1:]):
        level = _first_level(reading, "trail", suffix, kind)
        if level is not None or "trail" in reading.unusable:
            return level
    return None


def protection_not_understood(reading: Reading) -> Iterator[str]:
    """The non-zero fields without a meaning of their own that are named like protection."""
    for name, value in reading.given.unmapped:
        yield from _protection_in(name, value)


def _first_level(reading: Reading, field: str, suffix: str, kind: LevelKind) -> Level | None:
    for candidate in reading.given.of(field + suffix):
        if _is_zero(candidate.value):
            continue
        parts = mapping_of(candidate.value)
        if parts is not None:
            level = _from_object(reading, field, parts)
        elif reading.is_usable(field, candidate):
            level = _from_scalar(candidate, candidate.value, kind)
        else:
            level = None
        if level is not None or field in reading.unusable:
            return level
    return None


def _from_scalar(candidate: Candidate, value: object, kind: LevelKind) -> Level | None:
    if isinstance(value, str) and value.endswith("%"):
        value, kind = value[:-1], LevelKind.PERCENT
    number = number_of(candidate.name, value)
    if number < 0:
        raise MalformedAlert(f"{shown(candidate.name)} must not be negative")
    return Level(kind, number) if number else None


def _from_object(reading: Reading, field: str, parts: Mapping[str, object]) -> Level | None:
    given = {
        fold(name): Candidate(f"{field}.{name}", fold(name), value) for name, value in parts.items()
    }
    if len(given) < len(parts):
        raise MalformedAlert(f"{field} gives one of its parts twice")
    order_type = _level_type(reading, given.pop("type", None))
    two_prices = order_type is OrderType.STOP_LIMIT or "stopprice" in given
    limit = _number_in(reading, field, given.pop("limitprice", None) if two_prices else None)
    levels = list(_levels_in(reading, field, given))
    if field in reading.unusable:
        return None
    if not levels:
        if order_type is not None:
            reading.unusable.add(field)
        return None
    part, level = levels[0]
    if len(levels) > 1:
        reading.notes.append(f"{field} gives several levels: {part} is used")
    if part.startswith("trail"):
        order_type = OrderType.TRAILING_STOP
    elif limit is not None:
        order_type = OrderType.STOP_LIMIT
    kind = order_type.value if order_type else None
    return Level(level.kind, level.value, type=kind, limit_price=limit)


def _levels_in(
    reading: Reading, field: str, given: Mapping[str, Candidate]
) -> Iterator[tuple[str, Level]]:
    for part, kind in _PARTS.items():
        candidate = given.get(part)
        if candidate is not None and reading.is_usable(field, candidate):
            level = _from_scalar(candidate, candidate.value, kind)
            if level is not None:
                yield part, level
    for part, candidate in given.items():
        if part not in _PARTS and not _is_zero(candidate.value):
            reading.unsupported.append(candidate.name)


def _number_in(reading: Reading, field: str, candidate: Candidate | None) -> Decimal | None:
    if candidate is None or not reading.is_usable(field, candidate):
        return None
    level = _from_scalar(candidate, candidate.value, LevelKind.PRICE)
    return level.value if level else None


def _level_type(reading: Reading, candidate: Candidate | None) -> OrderType | None:
    if candidate is None or _is_zero(candidate.value):
        return None
    word = ORDER_TYPES.get(fold(candidate.value)) if isinstance(candidate.value, str) else None
    if word is None:
        reading.unsupported.append(candidate.name)
    return word


def _protection_in(name: str, value: object, within: str = "") -> Iterator[str]:
    if _is_zero(value):
        return
    path = f"{within}{name}"
    if name and _is_named_like_protection(name):
        yield path[:40]
        return
    for inner, nested in (mapping_of(value) or {}).items():
        yield from _protection_in(inner, nested, f"{path}.")
    for item in list_of(value) or ():
        if not isinstance(item, str):
            yield from _protection_in("", item, path)


def _is_named_like_protection(name: str) -> bool:
    words = re.sub(r"[-_\s]+", " ", _CAMEL.sub(" ", name)).lower()
    return bool(
        _PROTECTION.search(fold(name)) or _SHORT_PROTECTION.search(_OTHER_WORDS.sub("", words))
    )


def _is_zero(value: object) -> bool:
    if isinstance(value, str):
        return bool(_ZERO.fullmatch(value.strip()))
    return not value
