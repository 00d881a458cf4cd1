"""A Fyers application: what it is known by, and what its tokens are made of."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from pydantic import SecretStr

from app.domain.errors import BrokerUnavailable, LoginRefused
from app.domain.token import claims_of
from app.ports.tokens import Grant

VERSION = "/api/v3"
DEAD_CODES = frozenset({-8, -15, -16, -17})
UNAUTHORIZED = 401


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """An application as its owner registered it. `user`: whose login is taken; empty: anybody's."""

    app_id: str
    secret: SecretStr
    redirect_uri: str
    api_url: str
    user: str = ""

    @property
    def url_parameters(self) -> str:
        """What the login page is told, but for the state."""
        return urlencode(
            {
                "client_id": self.app_id,
                "redirect_uri": self.redirect_uri,
                "response_type": "code",
            }
        )

    @property
    def proof(self) -> str:
        """What proves that it is us: the digest of id and secret."""
        return hashlib.sha256(
            f"{self.app_id}:{self.secret.get_secret_value()}".encode()
        ).hexdigest()

    def exchange(self, code: str) -> Grant:
        """A token for the code of a login."""
        body = {"grant_type": "authorization_code", "appIdHash": self.proof, "code": code}
        return self.grant("validate-authcode", body, (code,))

    def renew(self, refresh: str, pin: str) -> Grant:
        """A token for a refresh token and the PIN."""
        body = {
            "grant_type": "refresh_token",
            "appIdHash": self.proof,
            "refresh_token": refresh,
            "pin": pin,
        }
        return self.grant("validate-refresh-token", body, (refresh, pin))

    def grant(self, route: str, body: Mapping[str, object], secrets: tuple[str, ...]) -> Grant:
        """Ask for a token.

        Raises:
            LoginRefused: Fyers says no, or it is another user's.
            BrokerUnavailable: there is no answer that can be understood.
        """
        from app.adapters.tokens.asking import ask

        said = ask("POST", f"{self.api_url}/{route}", body)
        if not said.fine:
            raise said.refusal((*secrets, self.secret.get_secret_value(), self.proof))
        access = said.text("access_token")
        user = claims_of(access).get("fy_id", self.user)
        if self.user and user != self.user:
            raise LoginRefused(f"this is the login of another user than {self.user}")
        refresh = said.body.get("refresh_token")
        return Grant(access, refresh if isinstance(refresh, str) and refresh else None)

    def accepts(self, token: str) -> bool:
        """Whether Fyers takes a token.

        Raises:
            BrokerUnavailable: it does not say.
        """
        from app.adapters.tokens.asking import ask

        headers = {"Authorization": f"{self.app_id}:{token}"}
        said = ask("GET", f"{self.api_url}/profile", headers=headers)
        if said.fine:
            return True
        if said.code in DEAD_CODES or said.status == UNAUTHORIZED:
            return False
        raise BrokerUnavailable(f"Fyers does not say whether it takes the token ({said.code})")


def api_root(url: str) -> str:
    """Where the API is, whether its version was written or not."""
    return url.rstrip("/").removesuffix(VERSION).rstrip("/") + VERSION
