"""Token stores: sealed in one place, in memory only, or shared with a copy on this machine."""

import logging
import threading
from dataclasses import replace

from app.adapters.tokens.blobs import Blobs
from app.adapters.tokens.seal import Seal, Unreadable
from app.domain.errors import StoreConflict, StoreUnavailable
from app.domain.token import Login
from app.ports.tokens import NOTHING, Kept, TokenStore

log = logging.getLogger(__name__)

LOCAL = "local:"
"""How the generations of the copy begin, while the shared place cannot be reached."""


class MemoryStore:
    """In this process only: without a key nothing is written down."""

    trouble = "kept in memory only, for want of TOKEN_KEY"

    def __init__(self) -> None:
        self._kept = Kept()
        self._writes = 0
        self._lock = threading.Lock()

    def glance(self) -> Login:
        """What is kept."""
        return self._kept.login

    def read(self) -> Kept:
        """What is kept."""
        return self._kept

    def write(self, login: Login, generation: str) -> Kept:
        """Keep something else, unless another thread did."""
        with self._lock:
            if generation != self._kept.generation:
                raise StoreConflict("another thread wrote the token")
            self._writes += 1
            self._kept = Kept(login, str(self._writes))
            return self._kept


class SealedStore:
    """In cipher in one place."""

    trouble = ""

    def __init__(self, blobs: Blobs, seal: Seal) -> None:
        self._blobs = blobs
        self._seal = seal
        self._odd = NOTHING

    def glance(self) -> Login:
        """What is kept; nothing when it cannot be read."""
        try:
            return self.read().login
        except StoreUnavailable:
            return Login()

    def read(self) -> Kept:
        """What is kept."""
        blob = self._blobs.read()
        if blob is None:
            return Kept()
        try:
            return Kept(self._seal.open(blob.data), blob.generation)
        except Unreadable as error:
            if self._odd != blob.generation:  # once for each
                self._odd = blob.generation
                log.warning("a kept token cannot be opened", extra={"why": str(error)})
            return Kept(generation=blob.generation)

    def write(self, login: Login, generation: str) -> Kept:
        """Write over exactly what was read."""
        return Kept(login, self._blobs.write(self._seal.close(login), generation))


class SharedStore:
    """A place that machines share, and a copy on this one for when it cannot be reached.

    What was written to the copy meanwhile goes to the shared place when that is back, unless
    somebody else brought a newer token there.
    """

    def __init__(self, shared: TokenStore, copy: TokenStore) -> None:
        self._shared = shared
        self._copy = copy
        self.trouble = ""

    def glance(self) -> Login:
        """What this machine knows: nobody waits for the network here."""
        return self._copy.glance()

    def read(self) -> Kept:
        """What is shared, or the copy while that cannot be reached."""
        try:
            kept = self._with_ours(self._shared.read())
        except StoreUnavailable as error:
            self._note(error)
            return self._local(self._copy.read())
        self._note(None)
        self._keep_copy(kept.login)
        return kept

    def write(self, login: Login, generation: str) -> Kept:
        """Write to the place that was read from; to the copy when the shared one is lost."""
        if generation.startswith(LOCAL):
            return self._local(self._copy.write(login, generation.removeprefix(LOCAL)))
        try:
            kept = self._shared.write(login, generation)
        except StoreUnavailable as error:
            self._note(error)
            return self._local(self._copy.write(login, self._copy.read().generation))
        self._keep_copy(login)
        return kept

    def _with_ours(self, kept: Kept) -> Kept:
        """Bring what was made while it was away."""
        ours = self._copied()
        if ours.token is None or not ours.token.newer_than(kept.login.token):
            return kept
        try:
            return self._shared.write(replace(ours, claim=None), kept.generation)
        except StoreConflict:
            return self._shared.read()  # theirs counts; ours comes again with the next look

    def _keep_copy(self, login: Login) -> None:
        """The copy is of use only when it is needed: nothing fails for want of it."""
        try:
            kept = self._copy.read()
            ours = kept.login.token
            newer = ours is not None and ours.newer_than(login.token)
            if kept.login != login and not newer:
                self._copy.write(login, kept.generation)
        except (StoreConflict, StoreUnavailable) as error:
            log.debug("no copy of the token was made", extra={"why": str(error)})

    def _copied(self) -> Login:
        try:
            return self._copy.read().login
        except StoreUnavailable:
            return Login()

    def _local(self, kept: Kept) -> Kept:
        return Kept(kept.login, f"{LOCAL}{kept.generation}")

    def _note(self, error: StoreUnavailable | None) -> None:
        """Tell once that it went away, and that it came back."""
        if error is not None and not self.trouble:
            log.warning("the shared token cannot be reached", extra={"why": str(error)})
        elif error is None and self.trouble:
            log.warning("the shared token can be reached again")
        self.trouble = f"the copy here counts: {error}" if error is not None else ""
