"""The state in a file, so that a simulator that is started again goes on where it was."""

import pickle
from pathlib import Path

from tests.simulators.alpaca.world import World

_KEPT = ("assets", "quotes", "accounts", "rules", "random", "_stamp")


class Saved:
    """A file that is written after each change, and read at the start. Trust what wrote it."""

    def __init__(self, path: Path, world: World) -> None:
        self._path = path
        self._world = world
        if path.exists():
            kept = pickle.loads(path.read_bytes())  # noqa: S301 (we wrote it)
            world.__dict__.update(kept)

    def save(self) -> None:
        """Write it, all or nothing."""
        kept = {name: self._world.__dict__[name] for name in _KEPT}
        new = self._path.with_name(f"{self._path.name}.new")
        new.write_bytes(pickle.dumps(kept))
        new.replace(self._path)
