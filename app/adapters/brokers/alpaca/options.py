"""What the owner of an Alpaca account sets."""

from collections.abc import Mapping
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from app.domain.errors import ConfigError

HOME = ".alpaca.markets"
USUAL = 200
"""Requests a minute, of every plan that costs nothing."""


class AlpacaOptions(BaseModel):
    """Settings of one Alpaca account; others are ignored.

    Attributes:
        api_key: API_KEY, which names the account.
        secret_key: SECRET_KEY, which proves it.
        base_url: BASE_URL, where orders go.
        data_url: DATA_URL, where prices come from.
        stream_url: STREAM_URL, where orders are told of; empty: `/stream` at the BASE_URL.
        requests_per_minute: REQUESTS_PER_MINUTE, how many each host takes; 0: it says so itself.
            None: what Alpaca's own hosts are known to take.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    api_key: SecretStr = Field(alias="API_KEY")
    secret_key: SecretStr = Field(alias="SECRET_KEY")
    base_url: str = Field(alias="BASE_URL")
    data_url: str = Field(alias="DATA_URL")
    stream_url: str = Field("", alias="STREAM_URL")
    requests_per_minute: int | None = Field(None, alias="REQUESTS_PER_MINUTE", ge=0, le=10**5)

    @property
    def trading_host(self) -> str:
        """Where orders go, as the SDK wants it: it adds the version itself."""
        return _host(self.base_url)

    @property
    def data_host(self) -> str:
        """Where prices come from, without a version."""
        return _host(self.data_url)

    @property
    def stream(self) -> str:
        """Where orders are told of; beside the trading host when it was not set."""
        return self.stream_url or f"{self.trading_host.replace('http', 'ws', 1)}/stream"

    def most(self, host: str) -> int:
        """How many requests a minute a host takes; 0: it says so itself."""
        if self.requests_per_minute is not None:
            return self.requests_per_minute
        name = urlsplit(host).hostname or ""
        return USUAL if name.endswith(HOME) else 0


def read_options(account: str, options: Mapping[str, str]) -> AlpacaOptions:
    """Check the settings of an account; an empty one counts as not set.

    Raises:
        ConfigError: it names the setting that is missing or cannot be used.
    """
    given = {name: value for name, value in options.items() if value.strip()}
    try:
        return AlpacaOptions.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_input=False, include_context=False)[0]
        name = f"{account}_{first['loc'][0]}".upper()
        problem = "is not set" if first["type"] == "missing" else first["msg"]
        raise ConfigError(f"{name} {problem}") from None


def _host(url: str) -> str:
    return url.rstrip("/").removesuffix("/v2").rstrip("/")
