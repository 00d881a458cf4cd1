"""Lists as CSV: streamed page by page, and harmless when a spreadsheet opens them."""

import csv
import io
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from itertools import chain
from typing import Any, TypeVar

from flask import Response, request

from app.ports.records import Page
from app.web.pages import first_page
from app.web.schemas import Form

Wanted = TypeVar("Wanted", bound=Any)
Item = TypeVar("Item")

CSV_TYPE = "text/csv"
ROWS = 500
"""Rows that are read at once."""

_FORMULA = re.compile(r"[\t\r\n]|\s*[=+\-@\uff1d\uff0b\uff0d\uff20]")
_NUMBER = re.compile(r"-?[0-9]+(?:\.[0-9]+)?")


def asks_for_csv(form: Form | None) -> bool:
    """Whether this request wants CSV: `?format=` decides, else the Accept header."""
    if form is not None:
        return form is Form.CSV
    offered = ["application/json", CSV_TYPE]
    return request.accept_mimetypes.best_match(offered, offered[0]) == CSV_TYPE


def csv_of(
    name: str,
    read: Callable[[Wanted], Page[Item]],
    wanted: Wanted,
    show: Callable[[Item], Mapping[str, object]],
    columns: tuple[str, ...],
) -> Response:
    """All items of a list from a cursor on. What cannot be read is told before the first line."""
    first = first_page(read, replace(wanted, limit=ROWS))
    items = chain(first.items, _rest(read, wanted, first.next_cursor))
    answer = Response(_lines(map(show, items), columns), content_type=f"{CSV_TYPE}; charset=utf-8")
    answer.headers["Content-Disposition"] = f"attachment; filename={name}.csv"
    return answer


def cell(value: object) -> str:
    """A value as a cell; a text that a spreadsheet takes for a formula gets a quote in front."""
    text = "" if value is None else str(value)
    if _FORMULA.match(text) and not _NUMBER.fullmatch(text):
        return f"'{text}"
    return text


def _rest(
    read: Callable[[Wanted], Page[Item]], wanted: Wanted, cursor: str | None
) -> Iterator[Item]:
    while cursor is not None:
        page = read(replace(wanted, limit=ROWS, before=cursor))
        cursor = page.next_cursor
        yield from page.items


def _lines(rows: Iterator[Mapping[str, object]], columns: tuple[str, ...]) -> Iterator[str]:
    """The header, then each row; a line is sent when it is written."""
    buffer = io.StringIO()
    writer = csv.writer(buffer)
    writer.writerow(columns)
    for row in rows:
        writer.writerow(cell(row[column]) for column in columns)
        if buffer.tell() > 1 << 14:
            yield _taken(buffer)
    yield _taken(buffer)


def _taken(buffer: io.StringIO) -> str:
    text = buffer.getvalue()
    buffer.seek(0)
    buffer.truncate()
    return text
