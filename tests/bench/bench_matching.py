"""How many prices a second the matcher takes, as a share of what plain Python could do here.

The ratio is against a loop of integer compares in the same run, so that it means the same on a
slow or busy machine. Run it with `python -m tests.bench.bench_matching`.
"""

import random
import sys
from collections.abc import Callable, Iterable
from time import perf_counter

from app.domain.book_order import BookOrder
from app.domain.matching import Matcher
from app.domain.order import OrderType

ROUNDS = 3


def run(short: bool) -> dict[str, float]:
    """Measure; of several rounds the best counts, because only noise can make one slower."""
    prices = _walk(100_000 if short else 1_000_000)
    _, calibration = _best(_count_compares, prices)
    _, quiet = _best(_watch_a_quiet_bracket, prices)
    _, trading = _best(_trade_now_and_then, prices)
    events, busy = _best(_trade_all_the_time, prices)
    return {
        "calibration_per_second": len(prices) / calibration,
        "quiet_quotes_per_second": len(prices) / quiet,
        "quiet_ratio": calibration / quiet,
        "bracket_quotes_per_second": len(prices) / trading,
        "bracket_ratio": calibration / trading,
        "busy_events_per_second": events / busy,
        "busy_event_ratio": calibration / len(prices) * events / busy,
    }


def _best(work: Callable[[list[int]], int], prices: list[int]) -> tuple[int, float]:
    """Give what the work counted, and the seconds of its fastest round."""
    counted, fastest = 0, float("inf")
    for _ in range(ROUNDS):
        begin = perf_counter()
        counted = work(prices)
        fastest = min(fastest, perf_counter() - begin)
    return counted, fastest


def _walk(length: int) -> list[int]:
    rng = random.Random(20_261_101)  # noqa: S311 - a repeatable walk, not a secret
    price, prices = 100_000, list[int]()
    for _ in range(length):
        price += rng.randint(-5, 5)
        prices.append(price)
    return prices


def _count_compares(prices: list[int]) -> int:
    """Do by hand the two compares of a book that is not touched."""
    low, high, touched = 0, sys.maxsize, 0
    for price in prices:
        if not low < price < high:
            touched += 1
    return touched


def _watch_a_quiet_bracket(prices: list[int]) -> int:
    """Show the prices to a book whose bracket is too far away to be reached."""
    legs = _legs("far", 1, 10**9, 10**9)(0)
    on_price = Matcher(legs, 1).on_price
    return sum(len(on_price(price)) for price in prices)


def _trade_now_and_then(prices: list[int]) -> int:
    return _trade(prices, wait=50, stop=40, target=80)


def _trade_all_the_time(prices: list[int]) -> int:
    return _trade(prices, wait=1, stop=3, target=6)


def _trade(prices: list[int], *, wait: int, stop: int, target: int) -> int:
    """Enter with a bracket after so many prices without a position; count the events."""
    matcher = Matcher()
    flat, side, events = 0, 1, 0
    for price in prices:
        events += len(matcher.on_price(price))
        if matcher.position:
            continue
        flat += 1
        if flat % wait == 0:
            side = -side
            arm = _legs(f"{flat}", side, stop, target)
            entry = BookOrder(id=f"{flat}", side=side, quantity=1, type=OrderType.MARKET, arm=arm)
            events += len(matcher.submit(entry, price))
    return events


def _legs(
    entry_id: str, side: int, stop_distance: int, target_distance: int
) -> Callable[[int], Iterable[BookOrder]]:
    def arm(price: int) -> Iterable[BookOrder]:
        yield BookOrder(
            id=f"{entry_id}-stop",
            side=-side,
            quantity=1,
            type=OrderType.STOP,
            stop=price - side * stop_distance,
            reduce_only=True,
        )
        yield BookOrder(
            id=f"{entry_id}-target",
            side=-side,
            quantity=1,
            type=OrderType.LIMIT,
            limit=price + side * target_distance,
            reduce_only=True,
        )

    return arm


if __name__ == "__main__":
    for name, figure in run(short="--short" in sys.argv[1:]).items():
        print(f"{name:28}{figure:>16,.3f}")
