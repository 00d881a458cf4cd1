"""Pages: how every list is answered."""

from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from typing import TypeVar

from flask import Response, jsonify

from app.ports.records import Page
from app.web.errors import ApiError

Wanted = TypeVar("Wanted")
Item = TypeVar("Item")


def page_of(
    plural: str,
    read: Callable[[Wanted], Page[Item]],
    wanted: Wanted,
    show: Callable[[Item], Mapping[str, object]],
) -> Response:
    """The wanted page of a list, and the cursor of the next one."""
    page = first_page(read, wanted)
    return answer(plural, [show(item) for item in page.items], page.next_cursor)


def first_page(read: Callable[[Wanted], Page[Item]], wanted: Wanted) -> Page[Item]:
    """A page of a list; a cursor that is none of the list's is named."""
    try:
        return read(wanted)
    except ValueError as error:
        raise ApiError(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", f"cursor: {error}") from None


def answer(plural: str, items: Sequence[object], next_cursor: str | None = None) -> Response:
    """A list in its one form."""
    return jsonify({plural: items, "next_cursor": next_cursor})
