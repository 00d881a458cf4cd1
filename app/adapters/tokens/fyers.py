"""The login desk of a Fyers account."""

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError

from app.adapters.tokens.application import Application, api_root
from app.domain.errors import ConfigError, LoginRefused
from app.ports.clock import Clock
from app.ports.tokens import Grant


class FyersLoginOptions(BaseModel):
    """What the owner of a Fyers account sets about its login; other options are ignored.

    Attributes:
        app_id: APP_ID of the registered application, with its `-100`.
        secret_id: SECRET_ID, the application's secret.
        redirect_uri: REDIRECT_URI, as it was registered.
        pin: PIN of the user; without it no token is refreshed.
        api_url: API_URL, where tokens are made.
        user_id: USER_ID at Fyers; when set, nobody else's login is taken.
        auto_login: AUTO_LOGIN, whether to log in without a person.
        totp_secret: TOTP_SECRET of the user's authenticator, for AUTO_LOGIN.
        login_url: LOGIN_URL, the host behind Fyers' login page.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    app_id: str = Field(alias="APP_ID")
    secret_id: SecretStr = Field(alias="SECRET_ID")
    redirect_uri: str = Field(alias="REDIRECT_URI")
    pin: SecretStr = Field(SecretStr(""), alias="PIN")
    api_url: str = Field(alias="API_URL")
    user_id: str = Field("", alias="USER_ID")
    auto_login: bool = Field(default=False, alias="AUTO_LOGIN")
    totp_secret: SecretStr = Field(SecretStr(""), alias="TOTP_SECRET")
    login_url: str = Field(alias="LOGIN_URL")

    @property
    def application(self) -> Application:
        """The application that tokens are made for."""
        return Application(
            app_id=self.app_id,
            secret=self.secret_id,
            redirect_uri=self.redirect_uri,
            api_url=api_root(self.api_url),
            user=self.user_id,
        )


@dataclass(frozen=True, slots=True)
class FyersDesk:
    """The LoginDesk of one account."""

    options: FyersLoginOptions
    clock: Clock

    @property
    def renews(self) -> bool:
        """With the PIN."""
        return bool(self.options.pin.get_secret_value())

    @property
    def logs_in(self) -> bool:
        """When the owner turned it on."""
        return self.options.auto_login

    def url(self, state: str) -> str:
        """Fyers' login page for this application."""
        application = self.options.application
        state_parameter = urlencode({"state": state})
        page = f"{application.api_url}/generate-authcode"
        return f"{page}?{application.url_parameters}&{state_parameter}"

    def exchange(self, code: str) -> Grant:
        """A token of the code that the login page sent the browser back with."""
        return self.options.application.exchange(code)

    def renew(self, refresh: str) -> Grant:
        """A token of a refresh token and the PIN."""
        return self.options.application.renew(refresh, self.options.pin.get_secret_value())

    def log_in(self) -> Grant:
        """Log in as the login page does. No refresh token is kept: it can be done again."""
        from app.adapters.tokens.headless import HeadlessLogin

        options = self.options
        login = HeadlessLogin(options.application, options.login_url.rstrip("/"), self.clock.now())
        pin, secret = options.pin.get_secret_value(), options.totp_secret.get_secret_value()
        try:
            return Grant(login.authenticate_fyers_user(options.user_id, pin, secret))
        except ValueError as error:
            raise LoginRefused(str(error)) from error

    def accepts(self, token: str) -> bool:
        """Ask for the user's profile."""
        return self.options.application.accepts(token)


def read_login_options(account: str, options: Mapping[str, str]) -> FyersLoginOptions:
    """Check the settings of an account's login; an empty one counts as not set.

    Raises:
        ConfigError: it names the setting that is missing or cannot be used.
    """
    given = {name: value for name, value in options.items() if value.strip()}
    try:
        read = FyersLoginOptions.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_input=False, include_context=False)[0]
        name = f"{account}_{first['loc'][0]}".upper()
        problem = "is not set" if first["type"] == "missing" else first["msg"]
        raise ConfigError(f"{name} {problem}") from None
    if read.auto_login:
        needed = {"USER_ID": read.user_id, "PIN": read.pin, "TOTP_SECRET": read.totp_secret}
        missing = [f"{account}_{name}".upper() for name, value in needed.items() if not value]
        if missing:
            raise ConfigError(f"AUTO_LOGIN of {account} needs {', '.join(missing)}")
    return read
