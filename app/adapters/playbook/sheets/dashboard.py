"""The tab `Performance`: figures of closed trades by symbol, rewritten as a whole."""

from collections.abc import Callable, Mapping, Sequence
from datetime import tzinfo

from app.adapters.playbook.sheets.heading import PERFORMANCE
from app.adapters.playbook.sheets.reading import Value
from app.adapters.playbook.sheets.sync import stamp
from app.adapters.playbook.sheets.wire import Patch, Wire
from app.domain.tally import Tally
from app.ports.clock import Clock

TITLES = (
    "symbol",
    "total_trades",
    "winning_trades",
    "losing_trades",
    "win_rate",
    "total_pnl",
    "avg_pnl_per_trade",
    "best_trade",
    "worst_trade",
    "last_updated",
)
FIRST_ROW = 2

Figures = Callable[[], Mapping[str, Tally]]


class Dashboard:
    """Writes the figures, in one batch, over what was there."""

    def __init__(
        self, wire: Callable[[], Wire], figures: Figures, clock: Clock, zone: tzinfo
    ) -> None:
        self._wire = wire
        self._figures = figures
        self._clock = clock
        self._zone = zone

    def write(self) -> None:
        """Rewrite the tab below its first line: two requests.

        Raises:
            PlaybookError: it could not be read or written.
        """
        wire = self._wire()
        shown = len(wire.read(PERFORMANCE)) - 1
        lines = self._lines()
        blank = [[""] * len(TITLES)] * max(shown - len(lines), 0)
        if lines or blank:
            wire.write(PERFORMANCE, [Patch(FIRST_ROW, 1, [*lines, *blank])])

    def _lines(self) -> Sequence[Sequence[Value]]:
        now = stamp(self._clock.now(), self._zone)
        return [_line(symbol, tally, now) for symbol, tally in sorted(self._figures().items())]


def _line(symbol: str, tally: Tally, now: str) -> Sequence[Value]:
    money = (tally.total_pnl, tally.average_pnl, tally.best_trade, tally.worst_trade)
    return [
        symbol,
        tally.total_trades,
        tally.winning_trades,
        tally.losing_trades,
        float(tally.win_rate),
        *(float(amount) for amount in money),
        now,
    ]
