"""Look-ups in 150,000 rows, in a process of its own: `python -m tests.bench.bench_symbols DIR N`.

A look-up is held against what Python and SQLite need at least: one row by its key, from the same
file.
"""

import json
import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from app.adapters.instruments.generation import FOLDER, current, open_to_read
from app.adapters.instruments.master import SymbolMaster
from app.domain.contract import Moneyness, OptionType, Series, Wish
from app.domain.decision import Denied
from app.domain.instrument import Ticker

NOW = datetime(2026, 7, 6, 4, 0, tzinfo=UTC)
EXPIRIES = {
    "26JUL": datetime(2026, 7, 28, 10, tzinfo=UTC),
    "26AUG": datetime(2026, 8, 25, 10, tzinfo=UTC),
    "26SEP": datetime(2026, 9, 29, 10, tzinfo=UTC),
}
STRIKES = range(1000, 2100, 10)
UNDERLYINGS = [f"SHARE{number:03}" for number in range(200)]
PRICE = Decimal("1523.4")


def write_lists(folder: Path) -> int:
    """150,000 rows, more or less; how many."""
    rows = 0
    for name, lines in (("NSE_CM", _shares()), ("NSE_FO", _contracts())):
        with (folder / f"{name}.csv").open("w", encoding="utf-8") as file:
            for line in lines:
                file.write(line)
                rows += 1
    return rows


def look_up(folder: Path, count: int) -> dict[str, float]:
    """Look things up that were never asked for, and one thing again and again."""
    chance, before = random.Random(7), _resident()  # noqa: S311  # no secret
    master = SymbolMaster(folder)
    names = [_symbol(chance) for _ in range(count)]
    strikes = [Decimal(chance.choice(STRIKES)) for _ in range(count)]
    shares = [chance.choice(UNDERLYINGS) for _ in range(count)]
    least = _least(folder, [f"NSE:{name}" for name in names])
    symbol = _each(lambda name: master.named(Ticker("NSE", name)), names)
    by_strike = _each(
        lambda pair: _found(master, pair[0], pair[1]), list(zip(shares, strikes, strict=True))
    )
    at_money = _each(lambda share: _found(master, share, Moneyness(-2)), shares)
    again = _each(lambda _: _found(master, "SHARE007", Moneyness(0)), names)
    return {
        "least_us": least,
        "symbol_us": symbol,
        "strike_us": by_strike,
        "at_money_us": at_money,
        "again_us": again,
        "megabytes": (_resident() - before) / 2**20,
    }


def _found(master: SymbolMaster, share: str, strike: Decimal | Moneyness) -> None:
    wish = Wish(
        underlying=Ticker("NSE", share),
        expiry=Series.MONTHLY,
        option_type=OptionType.CALL,
        strike=strike,
    )
    found = master.contract(wish, NOW, lambda _: PRICE)
    assert not isinstance(found, Denied), found


def _least(folder: Path, symbols: Sequence[str]) -> float:
    path = current(folder / FOLDER)
    assert path is not None
    connection = open_to_read(path)
    sql = "SELECT * FROM symbols WHERE symbol = ?"
    each = _each(lambda symbol: connection.execute(sql, (symbol,)).fetchone(), symbols)
    connection.close()
    return each


def _each(call: Callable[[Any], object], things: Sequence[Any]) -> float:
    """Microseconds of the processor for each."""
    began = time.process_time()
    for thing in things:
        call(thing)
    return (time.process_time() - began) / len(things) * 1e6


def _resident() -> int:
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * 4096


def _symbol(chance: random.Random) -> str:
    month, strike = chance.choice(list(EXPIRIES)), chance.choice(STRIKES)
    return f"{chance.choice(UNDERLYINGS)}{month}{strike}{chance.choice(('CE', 'PE'))}"


def _shares() -> Iterator[str]:
    for number in range(18_000):
        name = UNDERLYINGS[number] if number < len(UNDERLYINGS) else f"OTHER{number}"
        yield f"{number},{name} LTD,0,1,0.05,,0915-1530:,2026-07-06,,NSE:{name}-EQ,10,10,"
        yield f"{number},{name},{number},-1.0,XX,,None,1,3.7\n"


def _contracts() -> Iterator[str]:
    for share in UNDERLYINGS:
        for month, expiry in EXPIRIES.items():
            stamp = int(expiry.timestamp())
            for strike in STRIKES:
                for right in ("CE", "PE"):
                    symbol = f"NSE:{share}{month}{strike}{right}"
                    yield (
                        f"1,{share} {month} {strike} {right},15,250,0.05,,0915-1530:,2026-07-06,"
                        f"{stamp},{symbol},10,11,1,{share},1,{strike}.0,{right},1,None,0,0.0\n"
                    )


if __name__ == "__main__":
    where, asked = Path(sys.argv[1]), int(sys.argv[2])
    sys.stdout.write(json.dumps(look_up(where, asked)) + "\n")
