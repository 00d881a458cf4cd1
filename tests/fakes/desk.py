"""A broker's login desk that does what a test says."""

from collections.abc import Callable
from dataclasses import dataclass, field

from app.ports.tokens import Grant


@dataclass(slots=True)
class FakeDesk:
    """`fails`: raised by the next calls, one each. `made`: what it gave, oldest first."""

    renews: bool = True
    logs_in: bool = False
    refresh: str | None = "refresh"
    fails: list[Exception] = field(default_factory=list[Exception])
    asked: list[str] = field(default_factory=list[str])
    made: list[str] = field(default_factory=list[str])
    dead: set[str] = field(default_factory=set[str])
    meanwhile: Callable[[], None] = lambda: None
    next_token: Callable[[int], str] = "token {}".format

    def url(self, state: str) -> str:
        return f"https://broker.test/login?state={state}"

    def exchange(self, code: str) -> Grant:
        return Grant(self._make(f"exchange {code}"), self.refresh)

    def renew(self, refresh: str) -> Grant:
        return Grant(self._make(f"renew {refresh}"))

    def log_in(self) -> Grant:
        return Grant(self._make("log in"))

    def accepts(self, token: str) -> bool:
        self.asked.append(f"accepts {token}")
        if self.fails:
            raise self.fails.pop(0)
        return token not in self.dead

    def _make(self, asked: str) -> str:
        self.asked.append(asked)
        self.meanwhile()
        if self.fails:
            raise self.fails.pop(0)
        self.made.append(self.next_token(len(self.made) + 1))
        return self.made[-1]
