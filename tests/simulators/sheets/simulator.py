"""The simulator: a spreadsheet, its API, and what goes wrong with it."""

import time
from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Self

from tests.simulators.faults import Fault, Faults
from tests.simulators.sheets.app import App, Asked
from tests.simulators.sheets.book import Book, Cell, Tab, Value
from tests.simulators.sheets.serving import BODIES, WebServer
from tests.simulators.sheets.tokens import Tokens

SHEET_ID = "1NovAlgoSheetOfTheTests"
HEADER = ("symbol", "position_size", "active", "Time Frame", "Order Status", "Last Updated")


class SheetsSimulator:
    """Google Sheets with one spreadsheet, in this process, on a port of its own.

    `monotonic` is the clock of its quota. `strict`: it asks for tokens.
    """

    def __init__(
        self,
        port: int = 0,
        monotonic: Callable[[], float] = time.monotonic,
        *,
        strict: bool = False,
    ) -> None:
        self.tokens = Tokens()
        self.faults = Faults(bodies=BODIES)
        self.book = Book(SHEET_ID)
        known = self.tokens.given if strict else None
        self.app = App(monotonic, {SHEET_ID: self.book}, known)
        self._server = WebServer(port, self.app, self.faults, self.tokens)

    def __enter__(self) -> Self:
        self._server.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._server.stop()

    @property
    def url(self) -> str:
        """What `SHEETS_API_URL` is set to."""
        return self._server.url

    @property
    def config(self) -> Tab:
        """The tab `Config`."""
        return self.book.tab("Config")

    @property
    def asked(self) -> Sequence[Asked]:
        """The requests that came."""
        return tuple(self.app.asked)

    def write(self, *rows: Sequence[Cell], header: Sequence[Cell] = HEADER) -> None:
        """Let `Config` hold these rows."""
        if "Config" not in self.book.tabs:
            self.book.add("Config")
        self.config.set_lines([header, *rows])

    def rows(self, title: str = "Config") -> list[list[Value]]:
        """The rows of a tab, below its header."""
        return self.book.tab(title).lines[1:]

    def status(self, row: int) -> tuple[Value, Value]:
        """Columns E and F of a row, counted as Sheets does."""
        line = [*self.config.lines[row - 1], *[""] * 6]
        return line[4], line[5]

    def fail(self, *faults: Fault) -> None:
        """Let these happen."""
        self.faults.add(*faults)

    def mend(self) -> None:
        """Nothing goes wrong any more."""
        self.faults.clear()
