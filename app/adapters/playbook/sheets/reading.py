"""What the tab `Config` says: rows that trade, and rows that do not, with the reason why."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from app.adapters.playbook.cells import (
    ANY,
    NOTED,
    Unreadable,
    account_of,
    decided,
    key_of,
    name_of,
    read_row,
    symbol_of,
)
from app.adapters.playbook.sheets.heading import Heading
from app.domain.errors import PlaybookUnavailable
from app.domain.row_word import RowWord
from app.domain.strategy import Sizing, Strategy, rival_of
from app.engine.accounts import Accounts
from app.ports.playbook import RefusedRow

NAMED = 3
"""So many other lines of the same row are named."""

Value = str | int | float | bool
Key = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the tab that is not empty: its number there, and its texts by column."""

    number: int
    texts: Mapping[str, str]
    strange: Sequence[str] = ()

    @property
    def name(self) -> str:
        """What its owner calls it."""
        return f"{self.texts.get('symbol', '')} {self.texts.get('timeframe', '')}".strip()


@dataclass(slots=True)
class Reading:
    """What was read.

    `rows`: what trades, and what is refused as an inactive row, so that its entries do not trade as
    if there were no row at all. `keys`: the row of each line; None when the line names none.
    """

    heading: Heading
    lines: Sequence[Line]
    height: int
    width: int
    rows: dict[Key, Strategy] = field(default_factory=dict[Key, Strategy])
    keys: dict[int, Key | None] = field(default_factory=dict[int, "Key | None"])
    refused: list[RefusedRow] = field(default_factory=list[RefusedRow])

    def lines_of(self, key: Key) -> Sequence[int]:
        """The numbers of the lines of a row."""
        return [number for number, known in self.keys.items() if known == key]

    @property
    def refused_lines(self) -> frozenset[int]:
        """The numbers of the lines that do not trade."""
        return frozenset(row.number for row in self.refused)


class Reader:
    """Reads the tab. `known`: the rows of the last good copy."""

    def __init__(self, accounts: Accounts, known: Mapping[Key, Strategy]) -> None:
        self._accounts = accounts
        self._known = known

    def read(self, cells: Sequence[Sequence[Value]]) -> Reading:
        """The rows of the tab's cells, its first line included.

        Raises:
            PlaybookRefused: the first line is not what it must be; no row can be understood then.
        """
        heading = Heading.read([str(cell).strip() for cell in next(iter(cells), ())])
        width = max(len(line) for line in cells)
        reading = Reading(heading, list(_lines(heading, cells)), len(cells), width)
        faults = [(line, why) for line in reading.lines if (why := self._add(reading, line))]
        for line, why in faults:
            self._refuse(reading, line, why)
        self._refuse_twins(reading)
        self._refuse_rivals(reading)
        reading.refused.sort(key=lambda row: row.number)
        return reading

    def _add(self, reading: Reading, line: Line) -> str:
        """Take up a line; or why it cannot be understood."""
        reading.keys[line.number] = None
        try:
            key = key_of(line.texts)
            reading.keys[line.number] = key
            if line.strange:
                return f"{line.strange[0]}: there is no such column"
            reading.rows.setdefault(key, read_row(line.texts, self._accounts))
        except Unreadable as error:
            return str(error)
        return ""

    def _refuse(self, reading: Reading, line: Line, why: str) -> None:
        """Tell of a line, and let nothing trade that may be meant by it."""
        reading.refused.append(RefusedRow(line.number, f"{line.name}: {why}"))
        key = reading.keys[line.number]
        try:
            key = key or (symbol_of(line.texts), "")
        except Unreadable:
            return
        if key not in reading.rows:
            reading.rows[key] = self._stand_in(key, line)

    def _stand_in(self, key: Key, line: Line) -> Strategy:
        """An inactive row: as it was last good, so that exits still find their account."""
        row = self._known.get(key) or Strategy(symbol=key[0], timeframe=key[1])
        if row.account is None and line.texts.get("account"):
            try:
                row = replace(row, account=account_of(line.texts["account"], self._accounts))
            except Unreadable:
                return _refused(row)
        return _refused(row)

    def _refuse_twins(self, reading: Reading) -> None:
        """Two lines of one row: which of them counts nobody knows."""
        told = reading.refused_lines
        numbers: defaultdict[Key, list[int]] = defaultdict(list)
        for number, key in reading.keys.items():
            if key is not None:
                numbers[key].append(number)
        for line in reading.lines:
            key = reading.keys[line.number]
            if key is None or len(numbers[key]) == 1:
                continue
            reading.rows[key] = self._stand_in(key, line)
            if line.number not in told:
                others = _others(numbers[key], line.number)
                why = f"{line.name}: {others} of the same symbol and timeframe"
                reading.refused.append(RefusedRow(line.number, why))

    def _refuse_rivals(self, reading: Reading) -> None:
        """Two active rows that would take each other's position for their own (rule 17)."""
        of_symbol: defaultdict[str, list[Strategy]] = defaultdict(list)
        for row in reading.rows.values():
            of_symbol[row.symbol].append(row)
        for line in reading.lines:
            key = reading.keys[line.number]
            if key is None:
                continue
            row = reading.rows[key]
            rival = rival_of(row, of_symbol[row.symbol], self._accounts.default)
            if rival is None:
                continue
            name = f"{rival.symbol} {rival.timeframe or ANY}"
            why = f"{line.name}: shared: the row {name} is active on the same account"
            reading.refused.append(RefusedRow(line.number, why))
            reading.rows[key] = _refused(row)


def as_text(value: Value) -> str:
    """A cell's value as its owner would write it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return plain(Decimal(repr(value)))
    return value.strip()


def plain(number: Decimal) -> str:
    """A decimal without exponent and trailing zeros."""
    return f"{number.normalize():f}"


def with_percents(
    cells: Sequence[Sequence[Value]], shown: Sequence[Sequence[Value]]
) -> Sequence[Sequence[Value]]:
    """The cells, where a number that is shown in percent is one: 0.02 that looks like `2%`.

    Raises:
        PlaybookUnavailable: the two were not read from the same sheet; somebody has edited it.
    """
    if len(cells) != len(shown) or _texts(cells, cells) != _texts(cells, shown):
        raise PlaybookUnavailable("the sheet changed while it was read")
    return [
        [_percent(value, *looks[at : at + 1]) for at, value in enumerate(line)]
        for line, looks in zip(cells, shown, strict=True)
    ]


def may_be_percents(cells: Sequence[Sequence[Value]]) -> bool:
    """Whether there are columns in which it matters how a number is shown."""
    names = {name_of(str(cell)) for cell in next(iter(cells), ())}
    return bool(names & {"stop_loss", "take_profit", "sizing_type"})


def _texts(
    cells: Sequence[Sequence[Value]], of: Sequence[Sequence[Value]]
) -> Sequence[Sequence[Value]]:
    """What stands where the cells hold texts: those look as they are."""
    return [
        [
            next(iter(other[at : at + 1]), "")
            for at, value in enumerate(line)
            if isinstance(value, str)
        ]
        for line, other in zip(cells, of, strict=True)
    ]


def _percent(value: Value, look: Value = "") -> Value:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if is_number and str(look).strip().endswith("%"):
        return f"{plain(100 * Decimal(repr(value)))}%"
    return value


def _others(numbers: Sequence[int], own: int) -> str:
    """The other lines of a row: `line 4 is`, or `lines 3, 4, 5 and 7 more are`."""
    named = [str(number) for number in numbers[: NAMED + 1] if number != own][:NAMED]
    more = len(numbers) - 1 - len(named)
    if len(numbers) == 2:  # noqa: PLR2004  # it and another one
        return f"line {named[0]} is"
    return f"lines {', '.join(named)}{f' and {more} more' if more else ''} are"


def _lines(heading: Heading, cells: Sequence[Sequence[Value]]) -> Iterator[Line]:
    for number, line in enumerate(cells[1:], 2):
        texts = {name: _text(line, at) for name, at in heading.at.items()}
        strange = [
            title
            for title, at in heading.strange.items()
            if _text(line, at) not in ("", "0", "false")
        ]
        if any(text for name, text in texts.items() if name not in NOTED) or strange:
            yield Line(number, _decided(texts), strange)


def _text(line: Sequence[Value], at: int) -> str:
    return as_text(line[at - 1]) if at <= len(line) else ""


def _decided(texts: Mapping[str, str]) -> Mapping[str, str]:
    """An empty `active` is no, and a size in percent is its number."""
    size = texts["position_size"]
    if texts.get("sizing_type", "").lower() == Sizing.PERCENT_OF_EQUITY:
        size = size.removesuffix("%")
    return {**decided(texts), "position_size": size}


def _refused(row: Strategy) -> Strategy:
    return replace(row, active=False, order_status=RowWord.REFUSED)
