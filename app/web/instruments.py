"""What is traded: the symbol and the fields of an option."""

import re
from datetime import date

from app.domain.errors import MalformedAlert
from app.web.names import shown
from app.web.readers import Reading, number_of, text_of
from app.web.synonyms import Candidate

LONGEST_SYMBOL = 64

SYMBOL = re.compile(r"[A-Za-z0-9 ._:/!&^*=+@$#-]+")
_MONEYNESS = re.compile(r"atm|(?:itm|otm)[1-9][0-9]?")
_SERIES = re.compile(r"weekly|monthly|\+[0-9]{1,2}")
_ISO_DAY = re.compile(r"(\d{4})-(\d\d)-(\d\d)")
_SHORT_DAY = re.compile(r"(\d\d?)[- ]?([a-z]{3})[- ]?(?:20)?(\d\d)")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")


def read_symbol(reading: Reading, field: str) -> str | None:
    """A symbol or exchange as sent, of the characters that symbols are made of."""
    text = reading.text(field, LONGEST_SYMBOL)
    if text is not None and not SYMBOL.fullmatch(text):
        raise MalformedAlert(f"{field}: {shown(text)} holds characters that no symbol has")
    if text is not None and any(map(str.isalpha, text.split()[1:])):
        raise MalformedAlert(f"{field}: {shown(text)} is a sentence, not a symbol")
    return text


def read_strike(reading: Reading) -> str | None:
    """A strike price as a decimal text, or `atm`, `itm1`, `otm2`, which may stand in `offset`."""
    for candidate in reading.given.of("strike"):
        if not reading.is_usable("strike", candidate):
            continue
        word = _moneyness(candidate)
        if word is not None:
            return word
        number = number_of(candidate.name, candidate.value)
        if number < 0:
            raise MalformedAlert(f"{shown(candidate.name)} must not be negative")
        if number:
            return f"{number:f}"
    offset = reading.first("strike.offset")
    return None if offset is None else _moneyness(offset)


def read_expiry(reading: Reading) -> str | None:
    """`weekly`, `monthly`, `+1`, or a date in ISO form."""
    candidate = reading.first("expiry")
    if candidate is None:
        return None
    text = text_of(candidate).lower()
    if _SERIES.fullmatch(text):
        return text
    day = _day(text)
    if day is None:
        raise MalformedAlert(f"{shown(candidate.name)}: {shown(text)} is not an expiry")
    return day.isoformat()


def _moneyness(candidate: Candidate) -> str | None:
    value = candidate.value
    word = value.strip().lower() if isinstance(value, str) else ""
    return word if _MONEYNESS.fullmatch(word) else None


def _day(text: str) -> date | None:
    iso, short = _ISO_DAY.fullmatch(text), _SHORT_DAY.fullmatch(text)
    try:
        if iso:
            return date(int(iso[1]), int(iso[2]), int(iso[3]))
        if short and short[2] in _MONTHS:
            return date(2000 + int(short[3]), _MONTHS.index(short[2]) + 1, int(short[1]))
    except ValueError:
        return None
    return None
