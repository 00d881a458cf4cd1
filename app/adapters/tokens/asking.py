"""Questions to Fyers' login, one request each: what is no answer is an outage."""

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple, cast

from requests import RequestException, Session

from app.domain.errors import BrokerUnavailable, LoginRefused

TIMEOUT = (3.05, 10.0)
TOO_MANY_CODES = frozenset({-429, -353})
TOO_MANY, SERVER_ERRORS = 429, 500
LONGEST_WORDS = 200


class Said(NamedTuple):
    """An answer: its HTTP status, and its JSON object."""

    status: int
    body: Mapping[str, Any]

    @property
    def code(self) -> object:
        """Fyers' own code."""
        return self.body.get("code")

    @property
    def fine(self) -> bool:
        """Whether it says that all is well."""
        return self.body.get("s") == "ok"

    def text(self, *path: str) -> str:
        """A text in it.

        Raises:
            BrokerUnavailable: it is not there: this is not the API that we know.
        """
        found: object = self.body
        for name in path:
            found = cast("Mapping[str, object]", found).get(name) if _is_mapping(found) else None
        if not isinstance(found, str) or not found:
            raise BrokerUnavailable(f"the answer has no {'.'.join(path)}")
        return found

    def refusal(self, secrets: Collection[str]) -> LoginRefused:
        """What it says against it, without a secret that it may repeat."""
        words = str(self.body.get("message") or self.body.get("s") or "no reason given")
        for secret in filter(None, secrets):
            words = words.replace(secret, "***")
        return LoginRefused(f"Fyers: {words[:LONGEST_WORDS]} ({self.code})")


def ask(
    method: str,
    url: str,
    body: Mapping[str, object] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Said:
    """One request. Its answer is JSON, whatever it says.

    Raises:
        BrokerUnavailable: there is none, or it asks to come back later.
    """
    try:
        with Session() as session:
            session.trust_env = False  # neither a proxy nor a .netrc of this machine is for us
            answer = session.request(
                method, url, json=body, headers=headers, timeout=TIMEOUT, allow_redirects=False
            )
            read = answer.json()
    except RequestException as error:
        raise BrokerUnavailable(f"the login of Fyers: {type(error).__name__}") from None
    said = Said(answer.status_code, read if _is_mapping(read) else {})
    if answer.status_code >= SERVER_ERRORS or not said.body:
        raise BrokerUnavailable(f"the login of Fyers answers {answer.status_code}")
    if answer.status_code == TOO_MANY or said.code in TOO_MANY_CODES:
        raise BrokerUnavailable("Fyers says that there were too many logins")
    return said


def _is_mapping(value: object) -> bool:
    return isinstance(value, Mapping)
