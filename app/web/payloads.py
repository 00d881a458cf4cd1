"""A delivery: from the bytes of a body to its alerts, without its secrets."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

from app.domain.errors import MalformedAlert
from app.web import lenient_json, pairs, phrases, redaction, strict_json
from app.web.elements import elements_of, kind_of
from app.web.strict_json import Declined, JsonObject, dump
from app.web.templates import Template
from app.web.texts import Content, Understood

LARGEST_BODY = 64 * 1024
NOT_UNDERSTOOD = "the body is not JSON, not made of name=value pairs, and no text like 'BUY AAPL'"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What one request brought.

    `presented` holds every value that may be the secret. `elements` are the alerts, in order; a bad
    one is the error that tells why, and does not hold the good ones back. `error` is set when the
    body as a whole cannot be read: then there are no elements. `listed`: it was an array or several
    lines, and is answered as a list, however long. `redacted` is the body as text to be kept: no
    secret survives in it.
    """

    presented: tuple[str, ...] = ()
    elements: tuple[dict[str, object] | MalformedAlert, ...] = ()
    error: MalformedAlert | None = None
    listed: bool = False
    redacted: str = ""


def read_delivery(body: bytes, templates: Sequence[Template] = ()) -> Delivery:
    """Read a body, whatever it is. Never raises: what cannot be read is in `error`.

    `templates`: the owner's forms of text.
    """
    try:
        document, kept = _understood(_text_of(body), templates)
    except MalformedAlert as error:
        presented, hidden = redaction.hide_secrets(_legible(body))
        return Delivery(presented=presented, error=error, redacted=_storable(hidden))
    presented, redacted = redaction.secrets_in(document), _storable(kept)
    try:
        elements = elements_of(document)
        listed = isinstance(document, list) or len(elements) > 1
        return Delivery(presented=presented, elements=elements, listed=listed, redacted=redacted)
    except MalformedAlert as error:
        return Delivery(presented=presented, error=error, redacted=redacted)


def canonical(element: Mapping[str, object]) -> str:
    """Stable text of an element, for hashing: names sorted, numbers as written, no secret."""
    return dump(element, ordered=True)


def _text_of(body: bytes) -> str:
    if len(body) > LARGEST_BODY:
        raise MalformedAlert(f"the body is larger than {LARGEST_BODY // 1024} KB")
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise MalformedAlert(f"the body is not UTF-8 text (byte {error.start + 1})") from None
    if not text or text.isspace():
        raise MalformedAlert("the body is empty")
    if "\0" in text:
        raise MalformedAlert("the body holds a NUL character")
    return text


def _understood(text: str, templates: Sequence[Template]) -> Understood:
    """What the first reader makes of a text that does not decline it."""
    for read in _readers(templates):
        try:
            return read(text)
        except Declined:
            continue
    raise MalformedAlert(NOT_UNDERSTOOD)


def _readers(templates: Sequence[Template]) -> Iterator[Callable[[str], Understood]]:
    """The strictest first. The owner's templates come before what might be taken for pairs."""
    yield lambda text: _document(strict_json.read(text))
    yield lambda text: phrases.read(text, templates)
    yield lambda text: _document(lenient_json.read(text))
    yield pairs.read


def _document(value: object) -> Understood:
    return Understood(_content(value), dump(value))


def _content(value: object) -> Content:
    if isinstance(value, JsonObject):
        return value
    if isinstance(value, list):
        return cast("list[object]", value)
    raise MalformedAlert(f"an alert is a JSON object or an array, not {kind_of(value)}")


def _legible(body: bytes) -> str:
    """A body that cannot be read, as text: UTF-16 loses its NULs and shows its names again."""
    return body[:LARGEST_BODY].decode("utf-8", "replace").replace("\0", "")


def _storable(text: str) -> str:
    """At most 64 KB that any database and log takes."""
    encoded = text.encode("utf-8", "backslashreplace")
    return encoded[:LARGEST_BODY].decode("utf-8", "ignore")
