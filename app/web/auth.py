"""Who may come in: webhook secrets, the API key, and how often a wrong one may be tried."""

import hashlib
import hmac
import math
import time
from collections.abc import Iterable, Sequence
from http import HTTPStatus

from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import MovingWindowRateLimiter

from app.web.errors import ApiError


def digest_of(secret: str) -> bytes:
    """SHA-256 of a secret: compared in constant time, whatever its length or characters."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


class Keyring:
    """The secrets that are valid now, kept as digests only."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._digests = [digest_of(secret) for secret in secrets if secret]

    def accepted(self, candidates: Sequence[str]) -> Sequence[str]:
        """The candidates that are valid. Takes the same time for all that are not."""
        return [candidate for candidate in candidates if self._knows(candidate)]

    def _knows(self, candidate: str) -> bool:
        presented, known = digest_of(candidate), False
        for digest in self._digests:
            known |= hmac.compare_digest(presented, digest)
        return known


class Guard:
    """Counts wrong secrets by source. A right one is never held back."""

    def __init__(self, rate: str) -> None:
        self._rate = parse(rate)
        self._limiter = MovingWindowRateLimiter(MemoryStorage())

    def refusal(self, source: str, what: str) -> ApiError:
        """Count a wrong secret of a source, and say no to it."""
        if self._limiter.hit(self._rate, source):
            words = f"the {what} is missing or wrong"
            return ApiError(HTTPStatus.UNAUTHORIZED, "unauthorized", words)
        words = f"the {what} was wrong too often from here"
        return ApiError(
            HTTPStatus.TOO_MANY_REQUESTS,
            "too_many_requests",
            words,
            retry_after=self._seconds_left(source),
        )

    def _seconds_left(self, source: str) -> int:
        stats = self._limiter.get_window_stats(self._rate, source)
        return max(1, math.ceil(stats.reset_time - time.time()))  # on the limiter's own clock
