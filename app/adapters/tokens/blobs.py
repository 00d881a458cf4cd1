"""Bytes in one place, written by compare-and-swap."""

from typing import NamedTuple, Protocol


class Blob(NamedTuple):
    """What is there, and which writing of it that is."""

    data: bytes
    generation: str


class Blobs(Protocol):
    """One named place for bytes.

    Both methods may raise StoreUnavailable.
    """

    def read(self) -> Blob | None:
        """What is there; None when nothing is."""
        ...

    def write(self, data: bytes, generation: str) -> str:
        """Write over exactly the generation that was read; the generation that it is now.

        Raises:
            StoreConflict: it is another one by now.
        """
        ...
