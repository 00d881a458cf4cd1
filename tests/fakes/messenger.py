"""A messenger that keeps what it is given, and fails for the addresses that a test names."""

from collections.abc import Callable
from dataclasses import dataclass, field

from app.domain.errors import NotSent
from app.domain.letters import Letter


@dataclass(slots=True)
class FakeMessenger:
    """`arrived`: (address, letter) in their order. `observe` hears of each step."""

    observe: Callable[[str], None] = lambda _: None
    dead: set[str] = field(default_factory=set[str])
    arrived: list[tuple[str, Letter]] = field(default_factory=list[tuple[str, Letter]])

    def send(self, address: str, letter: Letter) -> None:
        self.observe("before send")
        if address in self.dead:
            raise NotSent("nobody is there")
        self.arrived.append((address, letter))
        self.observe("after send")

    def close(self) -> None:
        """Nothing is being sent."""

    def texts(self, address: str) -> list[str]:
        """Title and text of what arrived at an address."""
        return [f"{each.title}\n{each.text}" for to, each in self.arrived if to == address]
