"""The messenger: brings one letter to one address."""

from typing import Protocol

from app.domain.letters import Letter


class Messenger(Protocol):
    """Whoever brings letters. It may take its time, but not for ever."""

    def send(self, address: str, letter: Letter) -> None:
        """Bring a letter; when this returns, the service has taken it.

        Raises:
            NotSent: it did not arrive, or nobody knows. Sending it again may make it arrive twice.
            FencedOut: it was closed meanwhile; touch nothing.
        """
        ...

    def close(self) -> None:
        """Break off what is being sent: it is sent again after the next start."""
        ...
