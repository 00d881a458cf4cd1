"""What a notification says: what happened, why, what to do about it; of many events how many."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal, InvalidOperation
from typing import cast

from app.domain.events import ABOUT, Event, EventKind, ended_as

SHOWN = 8
"""So many events of a letter have a line of their own; the rest are counted."""
KINDS_NAMED = 5
"""So many kinds are counted by their names."""
LONGEST_WHY = 300
ECHOES = (EventKind.REJECTED, EventKind.EXPIRED)
"""An order's end, which the end of its alert tells again, with more words."""
TELLING = ("reason", "detail", "why")
"""Facts that say why."""
LINK = "url"
"""A fact to be followed, which is never cut."""
NOT_SAID = frozenset({"role", "side", "quantity", "status", "request_id", LINK, *TELLING})

TradeOf = Callable[[str], str]
"""What an alert wanted, in words: `buy 10`; empty when that is not known."""


@dataclass(frozen=True, slots=True)
class Letter:
    """One notification, ready to go. `events`: of how many it tells."""

    title: str
    text: str
    events: int


class Digest:
    """Gathers events for one letter; its size does not grow with their number."""

    def __init__(self) -> None:
        self._urgent: list[Event] = []
        self._others: list[Event] = []
        self._counts: Counter[str] = Counter()
        self._ended: set[str | None] = set()

    def __len__(self) -> int:
        return self._counts.total()

    def add(self, event: Event) -> None:
        """Take an event in."""
        self._counts[title_of(event)] += 1
        held = self._urgent if ABOUT[event.kind].urgent else self._others
        if len(held) < 2 * SHOWN:
            held.append(event)
            if event.kind is EventKind.FINISHED and event.problem:
                self._ended.add(event.alert_id)

    def letter(self, trade_of: TradeOf) -> Letter:
        """What is told of them, the urgent ones first."""
        held = (*self._urgent, *self._others)
        echoes = Counter(title_of(event) for event in held if self._is_echo(event))
        told = [event for event in held if not self._is_echo(event)][:SHOWN]
        counts = self._counts - echoes
        rest = counts - Counter(map(title_of, told))
        if len(told) == 1 and not rest:
            return replace(_letter_of(told[0], trade_of), events=len(self))
        lines = [_line(event, trade_of) for event in told]
        if rest:
            lines.append(f"and {rest.total()} more: {_listed(rest)}")
        return Letter(f"{counts.total()} events: {_listed(counts)}", "\n".join(lines), len(self))

    def _is_echo(self, event: Event) -> bool:
        return event.kind in ECHOES and event.alert_id in self._ended


def headline(event: Event, trade_of: TradeOf) -> str:
    """What happened, in a few words: `Denied: buy 10 AAPL on paper`."""
    trade = _trade(event) or (trade_of(event.alert_id) if event.alert_id else "")
    where = f"on {event.account}" if event.account else ""
    what = " ".join(part for part in (trade, event.symbol, where) if part)
    return f"{title_of(event)}: {what}" if what else title_of(event)


def why(event: Event) -> str:
    """Why it happened, as far as its facts tell."""
    if event.kind is EventKind.DAILY_SUMMARY:
        return _summary(event.facts)
    words = ": ".join(_plain(event.facts[name]) for name in TELLING if event.facts.get(name))
    more = ", ".join(
        f"{name.replace('_', ' ')} {_plain(value)}"
        for name, value in event.facts.items()
        if name not in NOT_SAID and value not in (None, "")
    )
    said = "; ".join(part for part in (words, more) if part)
    return said if len(said) <= LONGEST_WHY else f"{said[: LONGEST_WHY - 4]} ..."


def todo(event: Event) -> str:
    """What its owner does about it; for a reason of ours the place where it is explained."""
    words, reason = ABOUT[event.kind].todo, event.facts.get("reason")
    if not words and event.problem and isinstance(reason, str) and reason.isupper():
        return f"See {reason} in docs/errors.md"
    return words


def _summary(facts: Mapping[str, object]) -> str:
    """A day in four lines."""
    lines = (
        f"Trades closed: {facts.get('trades', 0)}, won {facts.get('won', 0)}",
        f"Realised: {_counted(facts.get('realised')) or 'nothing'}",
        f"Open: {_plain(facts.get('open') or 'nothing')}",
        f"Problems: {_counted(facts.get('problems')) or 'none'}",
    )
    return "\n".join(lines)


def _letter_of(event: Event, trade_of: TradeOf) -> Letter:
    at = f"{event.at:%Y-%m-%d %H:%M:%S} UTC"
    stamp = f"{at}, alert {event.alert_id}" if event.alert_id else at
    lines = (why(event), todo(event), _link(event), stamp)
    return Letter(headline(event, trade_of), "\n".join(filter(None, lines)), 1)


def _line(event: Event, trade_of: TradeOf) -> str:
    parts = (headline(event, trade_of), why(event), todo(event) if event.problem else "")
    words = ". ".join(part.rstrip(".") for part in parts if part)
    return f"{event.at:%H:%M:%S} {words} {_link(event)}".rstrip()


def _link(event: Event) -> str:
    return str(event.facts.get(LINK) or "")


def title_of(event: Event) -> str:
    """What an event is called; an alert's end by its status."""
    status = ended_as(event)
    return status.capitalize() if status is not None else ABOUT[event.kind].title


def _trade(event: Event) -> str:
    side, quantity = event.facts.get("side"), event.facts.get("quantity")
    if side is None or quantity is None:
        return ""
    return f"{side} {_plain(quantity)}"


def _listed(counts: Mapping[str, int]) -> str:
    """How many of what, the most first; of many kinds only those."""
    most_first = sorted(counts.items(), key=lambda each: (-each[1], each[0]))
    named = [f"{count} {title.lower()}" for title, count in most_first[:KINDS_NAMED]]
    others = sum(count for _, count in most_first[KINDS_NAMED:])
    return ", ".join([*named, f"{others} others"] if others else named)


def _counted(amounts: object) -> str:
    """How much of what: `12.5 USD, -300 INR`."""
    pairs = cast("Mapping[str, object]", amounts or {}).items()
    return ", ".join(f"{_plain(amount)} {name}" for name, amount in pairs)


def _plain(value: object) -> str:
    """A value for people: numbers without trailing zeros, nothing with brackets."""
    if isinstance(value, Mapping):
        pairs = cast("Mapping[object, object]", value).items()
        return " ".join(f"{name} {_plain(of_it)}" for name, of_it in pairs)
    if isinstance(value, list | tuple):
        return ", ".join(map(_plain, cast("list[object]", value)))
    text = str(value)
    if "." not in text and "e" not in text.lower():
        return text
    try:
        return f"{Decimal(text).normalize():f}"
    except InvalidOperation:
        return text
