"""The state in a file, so that a simulator that is started again goes on where it was."""

import pickle
from pathlib import Path

from tests.simulators.market import Market


class Saved:
    """A file that is written after each change, and read at the start. Trust what wrote it."""

    def __init__(self, path: Path, market: Market, *names: str) -> None:
        """Keep what of a market has these names."""
        self._path = path
        self._market = market
        self._names = names
        if path.exists():
            kept = pickle.loads(path.read_bytes())  # noqa: S301 (we wrote it)
            market.__dict__.update(kept)

    def save(self) -> None:
        """Write it, all or nothing."""
        kept = {name: self._market.__dict__[name] for name in self._names}
        new = self._path.with_name(f"{self._path.name}.new")
        new.write_bytes(pickle.dumps(kept))
        new.replace(self._path)
