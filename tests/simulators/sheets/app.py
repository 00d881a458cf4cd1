"""From a request to its answer: who asks, how often, and what for."""

import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, unquote

from tests.simulators.sheets.book import Book, Formula, Refused, Tab, shown, value_of
from tests.simulators.sheets.ranges import Area, column, split

PER_MINUTE = 60
"""Reads, and as many writes, that one user has."""
_MINUTE = 60.0
_ROUTE = re.compile(r"/v4/spreadsheets/([^/:]+)(?:(:batchUpdate)|/values([:/].*))?")
_METHOD = re.compile(r"/(?P<range>.*?)(?P<verb>:append|:clear)?")


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that came, what went wrong with it, and when it was, by the clock of `App`."""

    method: str
    path: str
    body: Any
    fault: str
    at: float

    @property
    def writes(self) -> bool:
        """Whether it counts as a write."""
        return self.method != "GET"


@dataclass(slots=True)
class App:
    """The API over its spreadsheets. `known`: the tokens that it takes; None = it asks for none."""

    monotonic: Callable[[], float]
    books: dict[str, Book] = field(default_factory=dict[str, Book])
    known: set[str] | None = None
    quota: int | None = PER_MINUTE
    asked: list[Asked] = field(default_factory=list[Asked])
    lock: threading.RLock = field(default_factory=threading.RLock)

    def note(self, method: str, path: str, body: Any, fault: str = "") -> None:
        """Remember that something was asked."""
        with self.lock:
            self.asked.append(Asked(method, unquote(path), body, fault, self.monotonic()))

    def answer(
        self, method: str, target: str, body: dict[str, Any], token: str
    ) -> tuple[int, dict[str, Any]]:
        """Carry out a request: the status, and the answer."""
        path, _, query = target.partition("?")
        with self.lock:
            try:
                self._admit(method, token)
                return 200, self._carry_out(method, path, parse_qs(query), body)
            except Refused as refused:
                return refused.code, told(refused)

    def _admit(self, method: str, token: str) -> None:
        """Count a request, as the quota does, and look who asks."""
        if self.known is not None and token not in self.known:
            raise Refused(401, "UNAUTHENTICATED", "Request had invalid authentication credentials.")
        now, writes = self.monotonic(), method != "GET"
        lately = [asked for asked in self.asked if now - asked.at < _MINUTE]
        mine = sum(asked.writes is writes and not asked.fault for asked in lately)
        if self.quota is not None and mine > self.quota:
            kind = "Write" if writes else "Read"
            words = f"Quota exceeded for quota metric '{kind} requests' and limit"
            raise Refused(
                429, "RESOURCE_EXHAUSTED", f"{words} '{kind} requests per minute per user'"
            )

    def _carry_out(
        self, method: str, path: str, query: Mapping[str, list[str]], body: dict[str, Any]
    ) -> dict[str, Any]:
        match = _ROUTE.fullmatch(path)
        book = self.books.get(match[1]) if match else None
        if match is None or book is None:
            raise Refused(404, "NOT_FOUND", "Requested entity was not found.")
        _, batch, values = match.groups()
        if values is not None:
            return _values(book, method, unquote(values), query, body)
        if batch:
            return {"spreadsheetId": book.sheet_id, "replies": _replies(book, body)}
        properties = {"title": "NovAlgo", "locale": "en_US", "timeZone": "America/New_York"}
        return {
            "spreadsheetId": book.sheet_id,
            "properties": properties,
            "sheets": book.properties(),
        }


def told(refused: Refused) -> dict[str, Any]:
    """An error, as Google writes it."""
    return {
        "error": {"code": refused.code, "message": str(refused), "status": refused.status},
    }


def _values(
    book: Book, method: str, rest: str, query: Mapping[str, list[str]], body: dict[str, Any]
) -> dict[str, Any]:
    """`/values...`: one range, or a batch of them."""
    match rest:
        case ":batchUpdate":
            return _write_all(book, body)
        case ":batchClear":
            return {"clearedRanges": [_cleared(book, text) for text in body["ranges"]]}
        case ":batchGet":
            return {"valueRanges": [_read(book, text, query) for text in query.get("ranges", [])]}
        case _:
            return _range_of(book, method, rest, query, body)


def _range_of(
    book: Book, method: str, rest: str, query: Mapping[str, list[str]], body: dict[str, Any]
) -> dict[str, Any]:
    match = _METHOD.fullmatch(rest)
    if match is None:
        raise Refused(404, "NOT_FOUND", "no such method")
    text, verb = match["range"], match["verb"]
    if method == "GET":
        return _read(book, text, query)
    if verb == ":clear":
        return _cleared(book, text)
    typed = query.get("valueInputOption") == ["USER_ENTERED"]
    if verb == ":append":
        title, _ = split(text)
        text = f"{title}!A{book.tab(title).end() + 1}"
    return _write(book, text, body["values"], typed=typed)


def _read(book: Book, text: str, query: Mapping[str, list[str]]) -> dict[str, Any]:
    tab, area = _find(book, text)
    render = (query.get("valueRenderOption") or ["FORMATTED_VALUE"])[0]
    of: Callable[[Any], Any] = {"UNFORMATTED_VALUE": value_of, "FORMULA": _typed_text}.get(
        render, shown
    )
    lines = [[of(cell) for cell in line] for line in tab.read(area)]
    answer: dict[str, Any] = {"range": _range(tab, area), "majorDimension": "ROWS"}
    return answer | ({"values": lines} if lines else {})


def _write_all(book: Book, body: dict[str, Any]) -> dict[str, Any]:
    """All of a batch, or nothing of it."""
    before = {title: dict(tab.cells) for title, tab in book.tabs.items()}
    typed = body["valueInputOption"] == "USER_ENTERED"
    try:
        written = [
            _write(book, each["range"], each["values"], typed=typed) for each in body["data"]
        ]
    except Refused:
        for title, cells in before.items():
            book.tabs[title].cells = cells
        raise
    cells = sum(each["updatedCells"] for each in written)
    return {"spreadsheetId": book.sheet_id, "totalUpdatedCells": cells, "responses": written}


def _write(book: Book, text: str, lines: list[list[Any]], *, typed: bool) -> dict[str, Any]:
    tab, area = _find(book, text)
    if area.bottom == area.top and area.right == area.left:
        area = Area(area.top, area.left)  # a single cell is where the values begin
    return {"updatedRange": text, "updatedCells": tab.write(area, lines, typed=typed)}


def _cleared(book: Book, text: str) -> dict[str, Any]:
    tab, area = _find(book, text)
    tab.clear(area)
    return {"spreadsheetId": book.sheet_id, "clearedRange": text}


def _find(book: Book, text: str) -> tuple[Tab, Area]:
    try:
        title, area = split(text)
    except ValueError as error:
        raise Refused(400, "INVALID_ARGUMENT", str(error)) from None
    return book.tab(title), area


def _range(tab: Tab, area: Area) -> str:
    last = f"{column(area.right or tab.columns)}{area.bottom or tab.rows}"
    return f"{tab.title}!{column(area.left)}{area.top}:{last}"


def _typed_text(cell: Any) -> Any:
    return cell.text if isinstance(cell, Formula) else value_of(cell)


def _replies(book: Book, body: dict[str, Any]) -> list[dict[str, Any]]:
    """`:batchUpdate` of the spreadsheet itself."""
    return [_change(book, kind, given) for each in body["requests"] for kind, given in each.items()]


def _change(book: Book, kind: str, given: dict[str, Any]) -> dict[str, Any]:
    if kind == "addSheet":
        grid = given["properties"].get("gridProperties", {})
        title = given["properties"]["title"]
        book.add(title, grid.get("rowCount", 1000), grid.get("columnCount", 26))
        return {"addSheet": book.properties()[-1]}
    if kind == "updateSheetProperties":
        tab = book.tab_of(given["properties"]["sheetId"])
        grid = given["properties"]["gridProperties"]
        tab.rows = grid.get("rowCount", tab.rows)
        tab.columns = grid.get("columnCount", tab.columns)
        return {}
    if kind == "deleteDimension":
        where = given["range"]
        first = where["startIndex"]
        book.tab_of(where["sheetId"]).delete_rows(first + 1, where["endIndex"] - first)
        return {}
    raise Refused(400, "INVALID_ARGUMENT", f"not simulated: {kind}")
