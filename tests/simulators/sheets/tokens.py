"""The endpoint at which a service account changes what it has signed for a token."""

import json
import time
from base64 import urlsafe_b64decode
from dataclasses import dataclass, field
from functools import cached_property
from itertools import count
from typing import Any
from urllib.parse import parse_qs

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

GRANT = "urn:ietf:params:oauth:grant-type:jwt-bearer"
GOOGLE = "https://oauth2.googleapis.com/token"
SCOPE = "https://www.googleapis.com/auth/spreadsheets"
EMAIL = "novalgo@example.iam.gserviceaccount.com"


@dataclass
class Tokens:
    """A service account with its key, and the tokens that it was given."""

    given: set[str] = field(default_factory=set[str])
    lifetime: int = 3600
    _numbers: "count[int]" = field(default_factory=lambda: count(1))

    @cached_property
    def key(self) -> rsa.RSAPrivateKey:
        """Made when it is first needed: that takes its time."""
        return rsa.generate_private_key(public_exponent=65537, key_size=2048)

    def file(self, url: str) -> dict[str, str]:
        """The service account's file, as Google's console makes it."""
        pem = self.key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        return {
            "type": "service_account",
            "project_id": "example",
            "private_key_id": "1",
            "private_key": pem.decode(),
            "client_email": EMAIL,
            "client_id": "1",
            "token_uri": f"{url}/token",
        }

    def exchange(self, form: bytes, url: str) -> tuple[int, dict[str, Any]]:
        """A token for what the account has signed, or why not."""
        given = parse_qs(form.decode())
        fault = self._fault(given, f"{url}/token")
        if fault:
            return 400, {"error": "invalid_grant", "error_description": fault}
        token = f"token-{next(self._numbers)}"
        self.given.add(token)
        return 200, {"access_token": token, "expires_in": self.lifetime, "token_type": "Bearer"}

    def _fault(self, given: dict[str, list[str]], audience: str) -> str:
        if given.get("grant_type") != [GRANT]:
            return "unsupported grant type"
        signed, _, signature = given["assertion"][0].rpartition(".")
        try:
            self.key.public_key().verify(
                _bytes(signature), signed.encode(), padding.PKCS1v15(), hashes.SHA256()
            )
        except InvalidSignature:
            return "Invalid JWT Signature."
        claims = json.loads(_bytes(signed.partition(".")[2]))
        is_ours = claims["iss"] == EMAIL and claims["scope"] == SCOPE
        if not is_ours or claims["aud"] not in (audience, GOOGLE):
            return f"Invalid claims: {claims}"
        return (
            "" if claims["iat"] - 10 <= time.time() < claims["exp"] else "Token must be short-lived"
        )


def _bytes(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
