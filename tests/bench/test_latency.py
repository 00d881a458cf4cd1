"""How long a sender waits for the receipt, and how long an alert takes to its broker."""

import pytest

from app.domain.identity import client_order_id
from tests.bench.conftest import Bench, round_trips
from tests.bench.figures import percentile
from tests.bench.load import Shot

pytestmark = pytest.mark.bench

GAP = 0.02
"""50 alerts a second."""


def test_the_receipt_of_a_durable_alert_is_quick(bench: Bench) -> None:
    load = {"bodies": round_trips(), "count": 160 if bench.short else 960, "pause": GAP}
    plain = times(bench.plain(**load))
    validated = times(bench.validated(**load))
    shots = bench.webhook(**load)
    durable = times(shots)
    note = bench.board.note
    note("receipt, plain Flask route, p50", percentile(plain, 50), "ms")
    note("receipt, plain Flask route, p99", percentile(plain, 99), "ms")
    note("receipt, validating route, p50", percentile(validated, 50), "ms")
    note("receipt, validating route, p99", percentile(validated, 99), "ms")
    p50 = note("receipt, durable, p50", percentile(durable, 50), "ms")
    note("receipt, durable, p99", percentile(durable, 99), "ms", at_most=50)
    note("receipt, durable, p50 / validating", p50 / percentile(validated, 50), "times")
    to_broker = [(sent_at - shot.sent) / 1e6 for shot, sent_at in dispatched(bench, shots)]
    assert len(to_broker) == len(shots)
    note("alert to broker, p50", percentile(to_broker, 50), "ms", at_most=4)
    note("alert to broker, p99", percentile(to_broker, 99), "ms", at_most=25)
    assert p50 < 100 * percentile(plain, 50)


def times(shots: list[Shot]) -> list[float]:
    """Milliseconds to each answer."""
    return [shot.seconds * 1000 for shot in shots]


def dispatched(bench: Bench, shots: list[Shot]) -> list[tuple[Shot, int]]:
    """The requests whose order reached the broker, with the moment when it did."""
    calls = bench.calls()
    found: list[tuple[Shot, int]] = []
    for shot in shots:
        for leg in ("entry", "exit"):
            at = calls.get(client_order_id(shot.alert_id, "paper", leg))
            if at is not None:
                found.append((shot, at))
    return found
