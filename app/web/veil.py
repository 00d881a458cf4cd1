"""The veil: the secrets of this server, hidden by their value wherever else they stand."""

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from urllib.parse import quote, quote_plus

from app.domain.errors import MalformedAlert
from app.web.payloads import Delivery, read_delivery
from app.web.redaction import MASK
from app.web.templates import Template

SHORTEST = 8
"""A shorter secret may be a word of an alert by chance: it is hidden by its names only."""


class Veil:
    """Hides by value what `read_delivery` cannot hide by name: a secret in a comment, say."""

    def __init__(self, secrets: Iterable[str], templates: Sequence[Template] = ()) -> None:
        self._templates = templates
        long = [secret for secret in secrets if len(secret) >= SHORTEST]
        forms = {form for secret in long for form in _forms_of(secret)}
        longest_first = sorted(forms, key=len, reverse=True)
        self._values = re.compile("|".join(map(re.escape, longest_first)), re.IGNORECASE)
        self._forms = tuple({form.lower() for form in forms})

    def covers(self, text: str) -> bool:
        """Whether a text holds a secret."""
        lowered = text.lower()
        return any(form in lowered for form in self._forms)

    def read(self, body: bytes) -> Delivery:
        """Read a body as `read_delivery` does; what is kept of it holds no secret of ours."""
        delivery = read_delivery(body, self._templates)
        if not self.covers(delivery.redacted):
            return delivery
        redacted = self._values.sub(MASK, delivery.redacted)
        if delivery.error is not None:
            # What could not be read must not be read better than it came.
            error = MalformedAlert(self._values.sub(MASK, str(delivery.error)))
            return replace(delivery, error=error, redacted=redacted)
        again = read_delivery(redacted.encode(), self._templates)
        return replace(again, presented=delivery.presented)


def _forms_of(secret: str) -> Iterator[str]:
    """The secret as it is, and as JSON and URLs write it."""
    yield secret
    for ascii_only in (False, True):
        quoted = json.dumps(secret, ensure_ascii=ascii_only)[1:-1]
        yield quoted
        yield json.dumps(quoted)[1:-1]
    yield quote(secret)
    yield quote(secret, safe="")
    yield quote_plus(secret)
