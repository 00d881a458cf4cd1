"""How many alerts a second are made durable and acknowledged while others are executed."""

import pytest

from tests.bench.conftest import Bench, entry, round_trips
from tests.bench.figures import median, percentile
from tests.bench.load import Shot
from tests.bench.test_latency import dispatched, times

pytestmark = pytest.mark.bench

BURST = 200


def test_eight_senders_are_answered_at_half_the_rate_of_the_validating_route(bench: Bench) -> None:
    load = {"bodies": round_trips(), "count": 800 if bench.short else 1600, "connections": 8}
    ratios: list[float] = []
    for number in range(1 if bench.short else 3):
        validated, durable = bench.validated(**load), bench.webhook(**load)
        ratios.append(rate(durable) / rate(validated))
        note = bench.board.note
        run = f"run {number + 1}"
        note(f"8 senders, validating route, {run}", rate(validated), "acks/s")
        note(f"8 senders, durable, {run}", rate(durable), "acks/s", at_least=500)
        note(f"8 senders, durable, p99, {run}", percentile(times(durable), 99), "ms", at_most=30)
    ratio = bench.board.note("8 senders, durable / validating", median(ratios), at_least=0.5)
    assert ratio > 0.05


def test_a_burst_is_acknowledged_and_dispatched_in_time(bench: Bench) -> None:
    note = bench.board.note
    for number in range(1 if bench.short else 3):
        bodies = [entry(f"B{number}-{symbol}") for symbol in range(BURST)]
        shots = bench.webhook(bodies=bodies, count=BURST, connections=BURST)
        begin = min(shot.sent for shot in shots)
        calls = [at for _, at in dispatched(bench, shots)]
        assert len(calls) == BURST
        run = f"run {number + 1}"
        acked = max(shot.answered for shot in shots) - begin
        note(f"burst of {BURST}, all acknowledged, {run}", acked / 1e9, "s", at_most=0.5)
        executed = note(
            f"burst of {BURST}, all at the broker, {run}",
            (max(calls) - begin) / 1e9,
            "s",
            at_most=1.5,
        )
        assert executed < 15


def rate(shots: list[Shot]) -> float:
    """Answers a second."""
    span = max(shot.answered for shot in shots) - min(shot.sent for shot in shots)
    return len(shots) / span * 1e9
