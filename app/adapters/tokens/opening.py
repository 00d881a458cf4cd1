"""Where the token of an account is kept, as its owner set it."""

from dataclasses import dataclass, field
from pathlib import Path

from app.adapters.tokens.files import FileBlob
from app.adapters.tokens.stores import MemoryStore, SealedStore, SharedStore
from app.domain.errors import ConfigError
from app.ports.tokens import TokenStore

FILE, GCS = "file", "gcs"


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenPlace:
    """What the settings say of it.

    `plain_name_for`: the account whose object in the cloud is called `object_name`; another one's
    has the account before it.
    """

    kind: str
    folder: Path
    key: str = field(repr=False)
    previous_key: str = field(default="", repr=False)
    bucket: str = ""
    object_name: str = ""
    key_file: Path | None = None
    plain_name_for: str = ""


def open_store(place: TokenPlace, account: str, application: str) -> TokenStore:
    """The store of one account.

    Args:
        place: where tokens are kept.
        account: our name of the account.
        application: the broker's application that its tokens are for.

    Raises:
        ConfigError: the settings do not go together.
    """
    if not place.key:
        if place.kind == GCS:
            raise ConfigError("TOKEN_STORE=gcs needs TOKEN_KEY: nothing leaves here in the clear")
        return MemoryStore()
    from app.adapters.tokens.seal import Seal, read_key

    keys = [read_key("TOKEN_KEY", place.key)]
    if place.previous_key:
        keys.append(read_key("TOKEN_KEY_PREVIOUS", place.previous_key))
    seal = Seal(keys, application)
    copy = SealedStore(FileBlob(place.folder / f"{account}.json"), seal)
    if place.kind == FILE:
        return copy
    if not place.bucket:
        raise ConfigError("TOKEN_STORE=gcs needs GCS_BUCKET_NAME")
    from app.adapters.tokens.gcs import GcsBlob

    folder, _, name = place.object_name.rpartition("/")
    own = name if account == place.plain_name_for else f"{account}-{name}"
    blob = GcsBlob(place.bucket, f"{folder}/{own}" if folder else own, place.key_file)
    return SharedStore(SealedStore(blob, seal), copy)
