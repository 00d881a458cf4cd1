"""The way of alerts to the socket of a simulated broker: when an order was there, what it cost."""

from time import monotonic_ns

from app.domain.identity import client_order_id
from tests.bench.conftest import BenchServer, alert
from tests.bench.figures import Board, percentile
from tests.bench.load import Load, fire
from tests.bench.test_life import memory
from tests.simulators.wire import Asked

AT_MOST_MB = 200


class Stamped(list[Asked]):
    """What was asked, and when the order of each id was asked for. `tag`: where orders have it."""

    def __init__(self, tag: str) -> None:
        super().__init__()
        self.orders: dict[str, int] = {}
        self._tag = tag

    def append(self, asked: Asked) -> None:
        body: dict[str, object] = asked.body or {}
        if asked.method == "POST":
            self.orders.setdefault(str(body.get(self._tag)), monotonic_ns())
        super().append(asked)


def round_trips(symbols: tuple[str, ...], **more: object) -> list[str]:
    """An entry into each symbol with its stop, then an exit from each."""
    entries = [alert(s, action="buy", quantity=1, stop_loss="5%", **more) for s in symbols]
    return entries + [alert(s, action="close", **more) for s in symbols]


def note_the_way(
    board: Board, server: BenchServer, stamped: Stamped, account: str, load: Load
) -> None:
    """Fire alerts; note how long their orders took, what they cost, and what the worker weighs."""
    shots = fire(load)
    server.await_health()
    server.await_idle(seconds=180)
    took = [
        (at - shot.sent) / 1e6
        for shot in shots
        for leg in ("entry", "exit")
        if (at := stamped.orders.get(client_order_id(shot.alert_id, account, leg))) is not None
    ]
    assert len(took) > len(shots) / 2
    board.note(f"alert to the socket of {account}, p50", percentile(took, 50), "ms", at_most=8)
    board.note(f"alert to the socket of {account}, p99", percentile(took, 99), "ms", at_most=40)
    board.note(f"calls of {account} for each alert", len(stamped) / len(shots))
    resident = memory(server.worker_pid())["Rss"]
    board.note(f"memory of the worker with {account}, RSS", resident, "MB", at_most=AT_MOST_MB)
