"""Which position the alert's strategy wants and had (trading-rules 6, 8 and 9)."""

from decimal import Decimal
from typing import NamedTuple

from app.web.readers import Reading
from app.web.words import POSITIONS


class Position(NamedTuple):
    """Words and sizes of positions; sizes are negative for short ones."""

    sentiment: str | None
    market: str | None
    previous: str | None
    size: Decimal | None
    previous_size: Decimal | None

    @property
    def word(self) -> str | None:
        """`long`, `short` or `flat` when the alert says which position is wanted."""
        return self.market or self.sentiment

    @property
    def is_told(self) -> bool:
        """Whether the alert says which position is wanted, so that a quantity is not needed."""
        return self.word is not None or self.size is not None


def read_position(reading: Reading) -> Position:
    """The position words, the target size and the size before."""
    sentiment = reading.word("sentiment", POSITIONS)
    market = reading.word("market_position", POSITIONS)
    previous = reading.word("prev_market_position", POSITIONS)
    before = reading.number("prev_position_size", zero=True)
    return Position(
        sentiment=sentiment,
        market=market,
        previous=previous,
        size=_target(reading, market or sentiment),
        previous_size=before if before is None or previous is None else _signed(before, previous),
    )


def _target(reading: Reading, word: str | None) -> Decimal | None:
    size = reading.number("position_size", zero=True)
    if size is not None or "position_size" in reading.unusable:
        return size
    size = reading.number("position_size", names="market_position_size", zero=True)
    if size and word is None:
        reading.notes.append("market_position_size is ignored: no market_position gives its side")
        return None
    return size if size is None or word is None else _signed(size, word)


def _signed(size: Decimal, word: str) -> Decimal:
    return {"long": abs(size), "short": -abs(size)}.get(word, Decimal(0))
