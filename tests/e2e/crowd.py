"""A crowd: many senders that post the same alert at the same moment, again and again."""

import json
import threading
from collections import Counter
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

from tests.e2e.live import SECRET, Answer, LiveServer

DELIVERIES = 4
AT_ONCE = 10
GROUPS = 4
"""So many alerts are delivered side by side."""


@dataclass(slots=True)
class Group:
    """Ten senders with their own connections, which post each body at the same moment.

    They take the servers by turns.
    """

    servers: Sequence[LiveServer]
    number: int
    answers: list[list[Answer]] = field(default_factory=list[list[Answer]])
    _gate: threading.Barrier = field(default_factory=lambda: threading.Barrier(AT_ONCE))

    def deliver(self, trials: int) -> None:
        """Deliver so many alerts, each four times by all senders."""
        self.answers = [[] for _ in range(trials)]
        with ThreadPoolExecutor(AT_ONCE) as pool:
            for sender in [pool.submit(self._send, place, trials) for place in range(AT_ONCE)]:
                sender.result()

    def _send(self, place: int, trials: int) -> None:
        server = self.servers[place % len(self.servers)]
        try:
            for trial in range(trials):
                body = json.dumps({"secret": SECRET, **self._alert(trial)}).encode()
                for _ in range(DELIVERIES):
                    self._gate.wait(30)
                    self.answers[trial].append(server.post("/webhook", body))
        except BaseException:
            self._gate.abort()
            raise

    def _alert(self, trial: int) -> dict[str, object]:
        """By turns an entry and its exit; by turns told by an id and by the body alone."""
        alert: dict[str, object] = {"symbol": f"GROUP{self.number}", "price": 100}
        alert |= {"action": "close"} if trial % 2 else {"action": "buy", "quantity": 1}
        if trial % 4 < 2:
            return {**alert, "id": f"trial-{trial:08d}"}
        return {**alert, "comment": f"trial {trial}"}


def check_answers(answers: Sequence[Answer]) -> str:
    """One 202, and 200 with `duplicate` for all others; the alert's id, the same in all."""
    assert Counter(answer.status for answer in answers) == {202: 1, 200: DELIVERIES * AT_ONCE - 1}
    assert all(answer.body["duplicate"] is (answer.status == 200) for answer in answers), answers
    (alert_id,) = {answer.body["alert_id"] for answer in answers}
    return str(alert_id)


def deliver_side_by_side(servers: Sequence[LiveServer], alerts: int) -> list[str]:
    """Deliver so many alerts 40 times each; their ids. Each was answered as it must be."""
    groups = [Group(servers, number) for number in range(GROUPS)]
    with ThreadPoolExecutor(GROUPS) as pool:
        for group in [pool.submit(group.deliver, alerts // GROUPS) for group in groups]:
            group.result()
    return [check_answers(answers) for group in groups for answers in group.answers]
