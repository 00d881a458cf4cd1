"""Who may come in: webhook secrets, the API key, and how often a wrong one may be tried."""

import hashlib
import hmac
from collections.abc import Iterable, Sequence

from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter


def digest_of(secret: str) -> bytes:
    """SHA-256 of a secret: compared in constant time, whatever its length or characters."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


class Keyring:
    """The secrets that are valid now, kept as digests only."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._digests = [digest_of(secret) for secret in secrets if secret]

    def accepts(self, candidates: Sequence[str]) -> bool:
        """Whether one of the candidates is valid. Takes the same time for all that are not."""
        valid = False
        for candidate in candidates:
            presented = digest_of(candidate)
            for known in self._digests:
                valid |= hmac.compare_digest(presented, known)
        return valid


class Guard:
    """Counts wrong secrets by source. A right one is never held back."""

    def __init__(self, rate: str) -> None:
        self._rate = parse(rate)
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def may_try_again(self, source: str) -> bool:
        """Count a wrong secret; False once the source has used up its tries."""
        return self._limiter.hit(self._rate, source)
