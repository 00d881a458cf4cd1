"""What can be traded: rows of the symbol master, as they are or with expiries that lie ahead."""

import csv
from calendar import monthrange
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

IST = ZoneInfo("Asia/Kolkata")
DATA = Path(__file__).parents[2] / "data" / "fyers"
MASTER = DATA / "sym_details"
Row = list[str]

_INDEX = "10"
_FUTURES = ("11", "13")
_OPTIONS = ("14", "15")
_CASH = 10
_LOTS_OF_2026 = {"NIFTY": 65, "BANKNIFTY": 30, "FINNIFTY": 60, "MIDCPNIFTY": 120}
_WEEKLY_MONTHS = "123456789OND"


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """One row of the master. `freeze`: no order may be larger; None = none is known."""

    symbol: str
    description: str
    fytoken: str
    isin: str
    exchange: int
    segment: int
    kind: str
    lot: int
    tick: Decimal
    underlying: str
    expires: datetime | None
    strike: Decimal | None
    right: str
    mtf: Decimal | None
    freeze: int | None

    @property
    def is_index(self) -> bool:
        """Whether it is a number that nobody can buy."""
        return self.kind == _INDEX

    @property
    def is_cash(self) -> bool:
        """Whether it is a share or a fund, which one can take home."""
        return self.segment == _CASH and not self.is_index

    @property
    def is_future(self) -> bool:
        """Whether it is a future."""
        return self.kind in _FUTURES

    @property
    def is_option(self) -> bool:
        """Whether it is an option."""
        return self.kind in _OPTIONS

    @property
    def short_name(self) -> str:
        """Its symbol without the exchange."""
        return self.symbol.partition(":")[2]


@lru_cache
def rows_of(folder: Path, today: date | None) -> dict[str, tuple[Row, ...]]:
    """The files of a folder by their names; re-dated so that `today` lies before the expiries."""
    found: dict[str, tuple[Row, ...]] = {}
    for path in sorted(folder.glob("*.csv")):
        with path.open(newline="") as file:
            rows = [row for row in csv.reader(file) if row]
        found[path.name] = tuple(rows if today is None else redated(rows, today))
    return found


@lru_cache
def instruments_of(folder: Path, today: date | None) -> dict[str, Instrument]:
    """The instruments of all files, by their symbols."""
    files = rows_of(folder, today).values()
    return {row[9]: _instrument(row) for rows in files for row in rows}


@lru_cache
def _freezes() -> dict[str, int]:
    with (DATA / "freeze_quantities.csv").open(newline="") as file:
        return {name: int(most) for name, most in csv.reader(file)}


def _instrument(row: Row) -> Instrument:
    expires = datetime.fromtimestamp(int(row[8]), UTC) if row[8] else None
    return Instrument(
        fytoken=row[0],
        description=row[1],
        kind=row[2],
        lot=max(1, int(row[3])),
        tick=Decimal(row[4]),
        isin=row[5],
        expires=expires,
        symbol=row[9],
        exchange=int(row[10]),
        segment=int(row[11]),
        underlying=row[13],
        strike=Decimal(row[15]) if row[16] in ("CE", "PE") else None,
        right=row[16] if row[16] in ("CE", "PE") else "",
        mtf=Decimal(row[20]) if row[19] == "1" else None,
        freeze=_freezes().get(row[13]) if expires else None,
    )


# ---------------------------------------------------------------------- expiries that lie ahead


def redated(rows: Iterable[Row], today: date) -> Iterator[Row]:
    """The same contracts in other months: the first month of the file becomes that of `today`.

    A monthly expiry is the last day of its kind of its month again, a weekly one as many days
    before it as it was. Lots are those of 2026, with which the list of freeze quantities goes.
    """
    known = list(rows)
    expiries = {_day(row) for row in known if row[8]}
    if not expiries:
        yield from known
        return
    written = max(date.fromisoformat(row[7]) for row in known)
    first = min(day for day in expiries if day >= written)
    months = _month(today) - _month(first)
    if _moved(_monthly(known, first), months) < today:
        months += 1
    lasts = {(row[13], _month(_day(row))): date.min for row in known if row[8]}
    for row in known:
        if row[8]:
            key = (row[13], _month(_day(row)))
            lasts[key] = max(lasts[key], _day(row))
    for row in known:
        last = lasts[row[13], _month(_day(row))] if row[8] else date.min
        yield from _on_another_day(row, last, months, today) if row[8] else [row]


def _on_another_day(row: Row, last: date, months: int, today: date) -> Iterator[Row]:
    was = _day(row)
    new_last = _moved(last, months)
    now = new_last - (last - was)
    if _month(now) != _month(new_last):
        return  # that month is too short for so many weeks
    changed = list(row)
    changed[0] = row[0][:4] + f"{now:%y%m%d}" + row[0][10:]
    for form in ("%d %b %y", "%y %b %d"):
        changed[1] = changed[1].replace(was.strftime(form), now.strftime(form))
    changed[3] = str(_LOTS_OF_2026.get(row[13], row[3]))
    changed[7] = today.isoformat()
    closes = datetime.combine(now, time(15, 30), IST)
    changed[8] = str(int(closes.timestamp()))
    exchange = row[9].partition(":")[0]
    changed[9] = f"{exchange}:{row[13]}{_named(row, now, monthly=was == last)}"
    yield changed


def _named(row: Row, expires: date, *, monthly: bool) -> str:
    """What follows the underlying in a symbol."""
    month = f"{expires:%y%b}".upper()
    if row[2] in _FUTURES:
        return f"{month}FUT"
    strike = f"{Decimal(row[15]).normalize():f}"
    if monthly:
        return f"{month}{strike}{row[16]}"
    return f"{expires:%y}{_WEEKLY_MONTHS[expires.month - 1]}{expires:%d}{strike}{row[16]}"


def _day(row: Row) -> date:
    return datetime.fromtimestamp(int(row[8]), IST).date()


def _month(day: date) -> int:
    return day.year * 12 + day.month - 1


def _monthly(rows: list[Row], day: date) -> date:
    """The last expiry in the month of a day."""
    return max(_day(row) for row in rows if row[8] and _month(_day(row)) == _month(day))


def _moved(last: date, months: int) -> date:
    """The last of its weekdays in the month that comes so many months later."""
    year, month = divmod(_month(last) + months, 12)
    end = date(year, month + 1, monthrange(year, month + 1)[1])
    return end - timedelta(days=(end.weekday() - last.weekday()) % 7)
