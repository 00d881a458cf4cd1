"""A broker that wants a login: paper behind a token."""

from collections.abc import Mapping
from typing import Any, cast

from app.adapters.brokers import Resources
from app.adapters.brokers.paper.broker import open_broker as open_paper
from app.domain.errors import BrokerLoginNeeded
from app.ports.broker import Broker
from app.ports.tokens import TokenSource

NEEDS_NO_TOKEN = frozenset({"account", "capabilities", "close", "skew", "watch"})


class Gated:
    """`dead`: tokens that it does not take. `sent`: those that it took."""

    def __init__(self, broker: Broker, source: TokenSource) -> None:
        self._broker = broker
        self._source = source
        self.dead: set[str] = set()
        self.sent: list[str] = []

    def __getattr__(self, name: str) -> Any:
        found = getattr(self._broker, name)
        if name in NEEDS_NO_TOKEN:
            return found

        def call(*args: Any, **kwargs: Any) -> Any:
            token = self._source.token()
            if token in self.dead:
                self._source.refused(token)
                raise BrokerLoginNeeded("the token is not taken")
            self.sent.append(token)
            return found(*args, **kwargs)

        return call


def open_broker(account: str, options: Mapping[str, str], resources: Resources) -> Broker:
    """An account on paper that wants a login each day."""
    options = {**options, "CASH": "100000"}
    paper = open_paper(account, options, resources)
    return cast("Broker", Gated(paper, resources.tokens[account]))
