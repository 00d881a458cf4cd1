"""A small file that several processes write by compare-and-swap."""

import fcntl
import hashlib
import os
import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

from app.adapters.tokens.blobs import Blob
from app.domain.errors import StoreConflict, StoreUnavailable
from app.ports.tokens import NOTHING

OWNER_ONLY, OWNERS_FOLDER = 0o600, 0o700


class FileBlob:
    """A file in a folder of its own, which its owner alone may read.

    Its generation is the digest of its bytes: no two sealed logins are the same.
    """

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> Blob | None:
        """The whole file; None when there is none."""
        try:
            data = self._path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            raise _unavailable(error) from error
        return Blob(data, _generation(data))

    def write(self, data: bytes, generation: str) -> str:
        """Put another file in its place, unless somebody else did."""
        try:
            with self._alone():
                there = self.read()
                if (NOTHING if there is None else there.generation) != generation:
                    raise StoreConflict("another process wrote the token")
                self._replace(data)
        except OSError as error:
            raise _unavailable(error) from error
        return _generation(data)

    @contextmanager
    def _alone(self) -> Generator[None]:
        """One writer at a time; the lock dies with its process."""
        self._path.parent.mkdir(mode=OWNERS_FOLDER, parents=True, exist_ok=True)
        lock = os.open(self._path.with_suffix(".lock"), os.O_CREAT | os.O_RDWR, OWNER_ONLY)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
        finally:
            os.close(lock)

    def _replace(self, data: bytes) -> None:
        """All of it or nothing, on the disk before it is told of."""
        descriptor, draft = tempfile.mkstemp(dir=self._path.parent, prefix=f"{self._path.name}.")
        try:
            with os.fdopen(descriptor, "wb") as file:  # mkstemp made it for its owner alone
                file.write(data)
                file.flush()
                os.fsync(descriptor)
            Path(draft).replace(self._path)
        except BaseException:
            Path(draft).unlink(missing_ok=True)
            raise
        folder = os.open(self._path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def _generation(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _unavailable(error: OSError) -> StoreUnavailable:
    return StoreUnavailable(f"{type(error).__name__}: {error.strerror or error}")
