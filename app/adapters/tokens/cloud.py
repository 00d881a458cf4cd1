# pyright: reportMissingTypeStubs=false
# google-cloud-storage ships no types.

"""google-cloud-storage, as we use it. The only module that imports it."""

from pathlib import Path
from typing import Any, cast

from google.api_core.exceptions import NotFound, PreconditionFailed
from google.cloud import storage
from google.cloud.storage.retry import DEFAULT_RETRY

from app.domain.errors import StoreConflict
from app.ports.tokens import NOTHING

TIMEOUT = (3.05, 5.0)
"""Seconds to connect and to wait for an answer."""


class Cloud:
    """One object of one bucket, through Google's client."""

    def __init__(self, bucket: str, name: str, key_file: Path | None, patience: float) -> None:
        """`patience`: for so many seconds a try is repeated; then it is an outage."""
        kind: Any = storage.Client
        self._client: Any = (
            kind() if key_file is None else kind.from_service_account_json(str(key_file))
        )
        # It would ask for the bucket's description too, for traces: another right to be given.
        self._client._bucket_metadata_cache = None  # noqa: SLF001  # no public way
        self._bucket = self._client.bucket(bucket)
        self._how: dict[str, Any] = {
            "timeout": TIMEOUT,
            "retry": cast("Any", DEFAULT_RETRY).with_timeout(patience),
        }
        self._name = name

    def read(self) -> tuple[bytes, str] | None:
        """The bytes and their generation, of one request; None when there are none."""
        blob = self._bucket.blob(self._name)
        try:
            data: bytes = blob.download_as_bytes(**self._how)
        except NotFound:
            return None
        return data, str(blob.generation)

    def write(self, data: bytes, generation: str) -> str:
        """Write over exactly this generation.

        Raises:
            StoreConflict: it is another one.
        """
        blob = self._bucket.blob(self._name)
        try:
            blob.upload_from_string(
                data,
                content_type="application/json",
                if_generation_match=0 if generation == NOTHING else int(generation),
                **self._how,
            )
        except PreconditionFailed as error:
            raise StoreConflict("somebody else wrote the token") from error
        return str(blob.generation)

    def close(self) -> None:
        """Close all connections."""
        self._client.close()
