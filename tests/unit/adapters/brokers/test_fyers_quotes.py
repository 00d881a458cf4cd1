"""Prices of Fyers: who asks while an answer is on its way is asked for together with the others."""

import threading
from collections.abc import Callable
from typing import Any, cast

from app.adapters.brokers.fyers.quotes import FRESH, WATCHED, Quotes
from tests.e2e.processes import until
from tests.fakes.clock import FakeClock


class Exchange:
    """A wire, and the SDK behind it, that knows a price of everything; once it may answer."""

    def __init__(self) -> None:
        self.calls: list[list[str]] = []
        self.asked = threading.Event()
        self.answers = threading.Event()
        self.answers.set()

    def read(self, ask: Callable[[Any], Any]) -> Any:
        return ask(self)

    def quotes(self, data: dict[str, str]) -> Any:
        symbols = data["symbols"].split(",")
        self.calls.append(symbols)
        self.asked.set()
        self.answers.wait(10)
        return {"d": [{"n": each, "s": "ok", "v": {"lp": 100}} for each in symbols]}


def test_those_who_wait_for_an_answer_share_the_next() -> None:
    wire = Exchange()
    quotes = Quotes(cast("Any", wire), FakeClock())
    wire.answers.clear()
    first = threading.Thread(target=quotes.latest, args=("NSE:A-EQ",))
    first.start()
    wire.asked.wait(10)
    others = [threading.Thread(target=quotes.latest, args=(f"NSE:{name}-EQ",)) for name in "BCD"]
    for thread in others:
        thread.start()
    until(lambda: len(vars(quotes)["_wanted"]) == 4, 10, "all have asked")
    wire.answers.set()
    for thread in (first, *others):
        thread.join(10)

    assert [sorted(call) for call in wire.calls] == [
        ["NSE:A-EQ"],
        ["NSE:A-EQ", "NSE:B-EQ", "NSE:C-EQ", "NSE:D-EQ"],
    ]


def test_a_price_is_good_for_a_second_and_asked_for_with_others_for_ten() -> None:
    wire, clock = Exchange(), FakeClock()
    quotes = Quotes(cast("Any", wire), clock)
    quotes.latest("NSE:A-EQ")
    quotes.latest("NSE:A-EQ")
    clock.advance(FRESH)
    quotes.latest("NSE:B-EQ")
    quotes.latest("NSE:A-EQ")
    clock.advance(WATCHED)
    quotes.latest("NSE:B-EQ")

    assert wire.calls == [["NSE:A-EQ"], ["NSE:B-EQ", "NSE:A-EQ"], ["NSE:B-EQ"]]
