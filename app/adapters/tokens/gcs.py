"""An object in Google Cloud Storage, written with generation preconditions.

google-cloud-storage is imported by the first call: it takes a third of a second and 30 MB, and
whoever keeps tokens in a file needs neither.
"""

import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.adapters.tokens.blobs import Blob
from app.domain.errors import StoreConflict, StoreError, StoreUnavailable
from app.ports.tokens import NOTHING

if TYPE_CHECKING:
    from app.adapters.tokens.cloud import Cloud


PATIENCE = 5.0


class GcsBlob:
    """One object of one bucket. `key_file`: of a service account; None: as Google's libraries find.

    `patience`: the seconds for which a call is tried again, before it counts as an outage.
    Where STORAGE_EMULATOR_HOST is set the client goes there, without an account.
    """

    def __init__(
        self,
        bucket: str,
        name: str,
        key_file: Path | None = None,
        patience: float = PATIENCE,
    ) -> None:
        self._bucket = bucket
        self._name = name
        self._key_file = key_file
        self._patience = patience
        self._opening = threading.Lock()
        self._cloud: Cloud | None = None

    def read(self) -> Blob | None:
        """The object; None when there is none."""
        found = self._call("read")
        return None if found is None else Blob(*found)

    def write(self, data: bytes, generation: str) -> str:
        """Write over a generation. When it is another one by now, or no answer came, look again.

        An answer may be lost although the object was written, and the client's own second try then
        finds our generation gone: what is there is ours all the same.
        """
        try:
            written: str = self._call("write", data, generation)
        except StoreError as error:
            there = self.read()
            if there is not None and there.data == data:
                return there.generation
            if isinstance(error, StoreConflict):
                raise
            if (NOTHING if there is None else there.generation) != generation:
                raise StoreConflict("somebody else wrote the token") from error
            raise
        return written

    def close(self) -> None:
        """Close its connections."""
        if self._cloud is not None:
            self._cloud.close()

    def _call(self, method: str, *given: Any) -> Any:
        """Whatever goes wrong there, or at finding an account to go there with, is an outage."""
        try:
            return getattr(self._opened(), method)(*given)
        except StoreError:
            raise
        except Exception as error:
            words = f"{self._bucket}/{self._name}: {type(error).__name__}: {error}"
            raise StoreUnavailable(words) from error

    def _opened(self) -> "Cloud":
        with self._opening:
            if self._cloud is None:
                from app.adapters.tokens.cloud import Cloud

                self._cloud = Cloud(self._bucket, self._name, self._key_file, self._patience)
            return self._cloud
