"""The playbook port on a sheet: what is read comes from the copy, what is written goes there."""

from collections.abc import Sequence

from app.adapters.playbook.sheets.copy import SheetCopy
from app.adapters.playbook.sheets.editor import Editor
from app.domain.strategy import Strategy
from app.ports.playbook import Standing


class SheetPlaybook:
    """The owner's rows. No alert waits for Google: `find` and `rows` do not ask it."""

    def __init__(self, copy: SheetCopy, editor: Editor) -> None:
        self._copy = copy
        self._editor = editor

    def find(self, symbol: str, timeframe: str | None) -> Strategy | None:
        """The row of a symbol key and canonical timeframe; else the row of any timeframe."""
        return self._copy.local.find(symbol, timeframe)

    def rows(self) -> Sequence[Strategy]:
        """All rows, by symbol and timeframe."""
        return self._copy.local.rows()

    def standing(self) -> Standing | None:
        """How old the copy is, and what is wrong."""
        return self._copy.standing()

    def put(self, row: Strategy) -> None:
        """Write a row into the sheet, replacing the one of the same key; its status stays."""
        self._editor.put([row])

    def put_all(self, rows: Sequence[Strategy]) -> None:
        """Write rows as `put` does, all of them or none."""
        self._editor.put(rows)

    def delete(self, symbol: str, timeframe: str) -> bool:
        """Take a row out of the sheet; whether there was one."""
        return self._editor.delete((symbol, timeframe))
