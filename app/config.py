"""Settings: the environment and `.env`, read once. Nothing else in the house looks at them."""

import difflib
import os
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from datetime import timedelta, tzinfo
from decimal import Decimal
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, Literal, Self, cast
from zoneinfo import ZoneInfo

import pytz
from dotenv import dotenv_values
from limits import parse_many
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    ValidationInfo,
    field_validator,
)

from app.domain.errors import ConfigError
from app.domain.limits import Limits
from app.domain.session import SessionPolicy, SessionRules
from app.domain.sinks import PROBLEMS, Choice, Sink, secrets_of, sinks_of
from app.domain.times_of_day import TimeOfDay
from app.domain.windows import parse_windows

BROKER_OPTIONS: Mapping[str, Mapping[str, str]] = {
    "paper": {
        "CASH": "paper_cash",
        "FEE_PERCENT": "paper_fee_percent",
        "SLIPPAGE_TICKS": "paper_slippage_ticks",
        "MAX_QUOTE_AGE": "paper_max_quote_age",
    },
    "alpaca": {
        "API_KEY": "alpaca_api_key",
        "SECRET_KEY": "alpaca_secret_key",
        "BASE_URL": "alpaca_base_url",
        "DATA_URL": "alpaca_data_url",
        "STREAM_URL": "alpaca_stream_url",
        "REQUESTS_PER_MINUTE": "alpaca_requests_per_minute",
    },
    "fyers": {
        "APP_ID": "fyers_app_id",
        "SECRET_ID": "fyers_secret_id",
        "REDIRECT_URI": "fyers_redirect_uri",
        "PIN": "fyers_pin",
        "USER_ID": "fyers_user_id",
        "AUTO_LOGIN": "fyers_auto_login",
        "TOTP_SECRET": "fyers_totp_secret",
        "API_URL": "fyers_api_url",
        "LOGIN_URL": "fyers_login_url",
        "DATA_URL": "fyers_data_url",
        "STREAM_URL": "fyers_stream_url",
        "PRODUCT": "fyers_product",
        "MARKET_ORDERS": "fyers_market_orders",
        "BAND_PERCENT": "fyers_band_percent",
        "OPTION_BAND_PERCENT": "fyers_option_band_percent",
    },
}
"""Broker -> option -> the setting that documents the option and holds its default."""

ACCOUNT_LIMITS = (
    "default_position_size",
    "max_order_quantity",
    "max_order_notional",
    "max_open_positions",
    "max_orders_per_second",
    "orders_per_second",
    "max_daily_loss",
    "trading_windows",
    "cooldown",
    "allowed_symbols",
    "max_spread_percent",
    "price_collar_percent",
    "session_policy",
)
"""What an account may have of its own, by its name in front: `PAPER_MAX_OPEN_POSITIONS`."""

OPENED_BY: Mapping[str, Collection[str]] = {
    "alpaca": ("ALPACA_API_KEY", "ALPACA_SECRET_KEY"),
    "fyers": ("FYERS_APP_ID", "FYERS_SECRET_ID"),
}
"""Accounts that there are without ACCOUNTS too, as soon as one of their keys is set."""

PAPER = "paper"
"""The broker that trades at any hour, and in years without a calendar, unless it is told not to."""

FYERS = "fyers"
DAILY_LOGIN = frozenset({FYERS})
"""Brokers whose accounts want a login each day."""
FYERS_SYMBOLS = "https://public.fyers.in/sym_details"
"""Where Fyers publishes its lists of instruments."""

GOOGLE_SHEETS = "https://sheets.googleapis.com"
SHORTEST_STRONG_SECRET = 16
CHOSEN_BY_OTHERS = frozenset({"fyers_pin", "fyers_secret_id", "fyers_totp_secret"})
"""Secrets whose length is not ours to choose."""
SHORT = frozenset({"fyers_pin"})
"""Secrets of a few digits: hidden wherever they occur, they would hide prices and quantities."""
NEVER = "never"
LIMITS_OF_EQUITY = tuple(
    f"{span}_{kind}" for span in ("GLOBAL", "DAILY") for kind in ("STOP_LOSS", "TAKE_PROFIT")
)
TYPO_LIKENESS = 0.8
HIDDEN = "***"
ORDERS_PER_SECOND = 8


def _seconds(value: object) -> object:
    if not isinstance(value, str):
        return value
    try:
        return timedelta(seconds=float(value))
    except (ValueError, OverflowError):
        raise ValueError("must be a number of seconds") from None


def _usual_rate(value: object) -> object:
    return ORDERS_PER_SECOND if value is None else value


def _upper(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def _or_none(value: object) -> object:
    return None if isinstance(value, str) and value.lower() == "none" else value


def _name(text: str) -> str:
    if not re.fullmatch(r"[a-z][a-z0-9_]*", text):
        raise ValueError(
            f"must hold names of a-z, 0-9 and _ that begin with a letter, not {text!r}"
        )
    return text


def _texts(value: object) -> object:
    if not isinstance(value, str):
        return value
    return tuple(text.strip() for text in re.split(r";;|[\r\n]", value) if text.strip())


def _rate(text: str) -> str:
    try:
        rates = parse_many(text)
    except ValueError:
        rates = []
    if [rate.amount > 0 for rate in rates] != [True]:
        raise ValueError("must be a rate like `30 per minute`")
    return text


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, LookupError):
        raise ValueError(f"names a time zone that there is not: {name!r}") from None


def _zone_name(name: str) -> str:
    """A name of pytz's data, which the machine's own may lack."""
    if name not in pytz.all_timezones_set:
        raise ValueError(f"names a time zone that there is not: {name!r}")
    return name


def _sheet_id(text: str) -> str:
    match = re.fullmatch(r"(?:https://docs\.google\.com/spreadsheets/d/)?([\w-]+)(?:/.*)?", text)
    if match is None:
        raise ValueError("must be like 1AbC...xyz, or the address of the sheet in the browser")
    return match[1]


def _windows(text: str) -> str:
    try:
        parse_windows(text, _zone)
    except ValueError as error:
        raise ValueError(f"must be like `Mon-Fri 09:30-15:45 America/New_York`: {error}") from None
    return text


def _symbols(text: str) -> str:
    if not re.fullmatch(r"[^\s,]+(\s*,\s*[^\s,]+)*", text):
        raise ValueError("must be a comma list of symbols like `AAPL, BTC*, NSE:*`")
    return text


def _url(text: str) -> str:
    if not re.fullmatch(r"(http|ws)s?://[^\s/?#@]+(/[^\s?#]*)?", text):
        raise ValueError("must be an address like https://host")
    return text


def _lists(text: str) -> str:
    if "://" in text and not text.startswith("file:///"):
        return _url(text)
    return text


def _address(text: str) -> str:
    try:
        return str(ip_address(text))
    except ValueError:
        raise ValueError("must be an address like 192.0.2.7") from None


def _daily(text: str) -> str:
    if text.strip().lower() != NEVER:
        TimeOfDay.parse(text, _zone)
    return text


def _events(text: str) -> str:
    Choice.parse(text)
    return text


def _sqlite_file(url: str) -> str:
    if not re.fullmatch(r"sqlite:///(?!:memory:).+", url):
        raise ValueError("must be sqlite:///FILE: no other database is supported yet")
    return url


Amount = Annotated[Decimal, Field(gt=0, max_digits=30, allow_inf_nan=False)]
FeePercent = Annotated[Decimal, Field(ge=0, le=100, decimal_places=12, allow_inf_nan=False)]
Ticks = Annotated[int, Field(ge=0, lt=10**6)]
Count = Annotated[int, Field(ge=1)]
OrderRate = Annotated[Count, BeforeValidator(_usual_rate)]
Seconds = Annotated[timedelta, BeforeValidator(_seconds), Field(gt=timedelta(0))]
SecondsOrZero = Annotated[timedelta, BeforeValidator(_seconds), Field(ge=timedelta(0))]
Percent = Annotated[Decimal, Field(gt=0, max_digits=30, allow_inf_nan=False)]
PercentOrNone = Annotated[Percent | None, BeforeValidator(_or_none)]
Minutes = Annotated[int, Field(ge=0, le=24 * 60)]
Windows = Annotated[str, AfterValidator(_windows)]
Symbols = Annotated[str, AfterValidator(_symbols)]
Name = Annotated[str, AfterValidator(_name)]
Texts = Annotated[tuple[str, ...], BeforeValidator(_texts)]
Url = Annotated[str, AfterValidator(_url)]
Lists = Annotated[str, AfterValidator(_lists)]
Address = Annotated[str, AfterValidator(_address)]
SheetId = Annotated[str, AfterValidator(_sheet_id)]
Zone = Annotated[str, AfterValidator(_zone_name)]
Hours = Annotated[SessionPolicy, BeforeValidator(_lower)]


def _patterns(text: str) -> tuple[str, ...]:
    """A list of symbols as instruments are called: in capitals, without `/`."""
    symbols = (item.strip().upper().replace("/", "") for item in text.split(","))
    return tuple(symbol for symbol in symbols if symbol)


class AccountSettings(BaseModel):
    """One account: the broker it is at, that broker's options, and the limits that hold for it."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    name: Name
    broker: Name
    options: Mapping[str, str] = Field(default_factory=dict, repr=False)  # may hold secrets
    default_position_size: Amount | None = None
    max_order_quantity: Amount | None = None
    max_order_notional: Amount | None = None
    max_open_positions: Count | None = None
    max_orders_per_second: Count | None = None
    orders_per_second: OrderRate = ORDERS_PER_SECOND
    max_daily_loss: Amount | None = None
    trading_windows: Windows | None = None
    cooldown: Seconds | None = None
    allowed_symbols: Symbols | None = None
    max_spread_percent: Percent | None = None
    price_collar_percent: Percent | None = None
    session_policy: Hours | None = None

    @property
    def sessions(self) -> SessionRules:
        """The hours in which the account trades."""
        simulated = self.broker == PAPER
        usual = SessionPolicy.ALWAYS if simulated else SessionPolicy.REGULAR
        return SessionRules(self.session_policy or usual, trusts_weekdays=simulated)

    @property
    def limits(self) -> Limits:
        """The account's own limits, the global ones where it has none."""
        return Limits(
            max_order_quantity=self.max_order_quantity,
            max_order_notional=self.max_order_notional,
            max_open_positions=self.max_open_positions,
            max_orders_per_second=self.max_orders_per_second,
            max_daily_loss=self.max_daily_loss,
            trading_windows=parse_windows(self.trading_windows, _zone)
            if self.trading_windows
            else (),
            cooldown=self.cooldown,
            allowed_symbols=_patterns(self.allowed_symbols or ""),
            max_spread_percent=self.max_spread_percent,
            price_collar_percent=self.price_collar_percent,
        )


class Settings(BaseModel):
    """Every setting: a field `max_alert_age` is read from the variable `MAX_ALERT_AGE`."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    host: str = Field("127.0.0.1", description="address that gunicorn listens on")
    port: int = Field(8080, ge=1, le=65535, description="port that gunicorn listens on")
    bind: str | None = Field(
        None, description="where to listen instead of `HOST` and `PORT`: `unix:/run/novalgo.sock`"
    )
    data_dir: Path = Field(Path("./var"), description="folder of the database")
    threads: Count = Field(64, description="threads of the one gunicorn worker")
    trusted_proxies: int = Field(
        0, ge=0, description="how many proxies before the server to believe about the client"
    )
    database_url: Annotated[str, AfterValidator(_sqlite_file)] = Field(
        default_factory=lambda given: f"sqlite:///{given['data_dir']}/novalgo.db",
        description="the journal's database, `sqlite:///FILE`",
    )
    webhook_secret: SecretStr = Field(description="secret that every alert must carry")
    webhook_secret_previous: SecretStr = Field(
        SecretStr(""), description="the secret before, accepted too while you rotate it"
    )
    api_key: SecretStr = Field(description="bearer key of the HTTP API")
    accounts: tuple[AccountSettings, ...] = Field(
        description="comma list of `name` or `name=broker`; an account's options: `NAME_OPTION`",
    )
    default_account: str = Field(
        "paper", validate_default=True, description="account of alerts that name none"
    )
    default_position_size: Amount | None = Field(
        None, description="notional of an entry without a size; empty: such an entry is denied"
    )
    paper_cash: Amount = Field(Decimal(100_000), description="starting cash of the paper account")
    paper_fee_percent: FeePercent = Field(
        Decimal(0), description="fee of each fill on paper, in percent of what it is worth"
    )
    paper_slippage_ticks: Ticks = Field(
        0, description="ticks that a market or stop order on paper is filled worse than the quote"
    )
    paper_max_quote_age: Seconds = Field(
        timedelta(seconds=900), description="seconds that the paper account trades on a quote"
    )
    alpaca_api_key: SecretStr = Field(
        SecretStr(""), description="key of the account `alpaca`; without keys there is none"
    )
    alpaca_secret_key: SecretStr = Field(SecretStr(""), description="the secret of that key")
    alpaca_base_url: Url = Field(
        "https://paper-api.alpaca.markets",
        description="where orders go: paper; real money is at `https://api.alpaca.markets`",
    )
    alpaca_data_url: Url = Field(
        "https://data.alpaca.markets", description="where prices of Alpaca come from"
    )
    alpaca_stream_url: Url | None = Field(
        None, description="where Alpaca tells of orders; empty: at `ALPACA_BASE_URL`"
    )
    alpaca_requests_per_minute: Annotated[int, Field(ge=0, le=10**5)] | None = Field(
        None,
        description="requests a minute that Alpaca takes of an account; empty: 200 at its own "
        "hosts; 0: as many as it does not refuse",
    )
    fyers_symbols_url: Lists | None = Field(
        None,
        description="where the lists of instruments are: an address, or a folder with `NSE_FO.csv` "
        "and the others; empty: Fyers', when there is an account there",
    )
    fyers_app_id: str = Field(
        "", description="id of your application at Fyers, with its `-100`; empty: no such account"
    )
    fyers_secret_id: SecretStr = Field(SecretStr(""), description="the secret of that application")
    fyers_redirect_uri: Url = Field(
        "http://127.0.0.1:8080/auth/callback",
        description="where the login at Fyers ends, as registered there: "
        "`https://your.host/auth/callback`",
    )
    fyers_pin: SecretStr = Field(
        SecretStr(""), description="your PIN at Fyers, to refresh tokens; empty: none is refreshed"
    )
    fyers_user_id: str = Field(
        "", description="your id at Fyers; when set, nobody else's login is taken"
    )
    fyers_auto_login: bool = Field(
        default=False,
        description="log in without a person, by user id, PIN and TOTP secret; "
        "read docs/howto/fyers-login.md first",
    )
    fyers_totp_secret: SecretStr = Field(
        SecretStr(""), description="what your authenticator was set up with, for that"
    )
    fyers_api_url: Url = Field(
        "https://api-t1.fyers.in/api/v3", description="where orders go and tokens come from"
    )
    fyers_login_url: Url = Field(
        "https://api-t2.fyers.in/vagator/v2", description="the host behind the login page of Fyers"
    )
    fyers_data_url: Url = Field(
        "https://api-t1.fyers.in/data", description="where prices of Fyers come from"
    )
    fyers_stream_url: Url = Field(
        "wss://socket.fyers.in/trade/v3", description="where Fyers tells of orders"
    )
    fyers_product: Annotated[
        Literal["CNC", "INTRADAY", "MARGIN", "MTF"], BeforeValidator(_upper)
    ] = Field("INTRADAY", description="product at Fyers of alerts that name none")
    fyers_market_orders: Annotated[Literal["protected", "plain"], BeforeValidator(_lower)] = Field(
        "protected",
        description="how orders at the market go out: `protected`, as a limit a little beyond the "
        "price, or `plain`; stops go with them",
    )
    fyers_band_percent: Percent = Field(
        Decimal(1), description="how far beyond the price such a limit lies, in percent"
    )
    fyers_option_band_percent: Percent = Field(Decimal(5), description="the same for options")
    token_store: Annotated[Literal["file", "gcs"], BeforeValidator(_lower)] = Field(
        "file",
        description="where tokens are kept: `file` in `DATA_DIR`, or `gcs` (Google Cloud Storage)",
    )
    token_key: SecretStr = Field(
        SecretStr(""),
        description="32 bytes in base64 that encrypt them; empty: they are kept in memory only",
    )
    token_key_previous: SecretStr = Field(
        SecretStr(""), description="the key before, which still opens what it has sealed"
    )
    gcs_bucket_name: str = Field("", description="bucket of the tokens, for `TOKEN_STORE=gcs`")
    gcs_tokens_file: str = Field("tokens.json", description="name of their object in the bucket")
    max_alert_age: Seconds = Field(
        timedelta(seconds=60), description="seconds after which an entry alert is too old to trade"
    )
    max_exit_age: Seconds = Field(
        timedelta(seconds=900), description="seconds after which an exit alert is too old to trade"
    )
    performance_interval: Seconds = Field(
        timedelta(seconds=300), description="seconds between looks at what the accounts are worth"
    )
    playbook: Annotated[Literal["local", "google_sheets"], BeforeValidator(_lower)] = Field(
        "local", description="where your rows are: `local`, in the database, or `google_sheets`"
    )
    google_sheet_id: SheetId | None = Field(
        None,
        validate_default=True,
        description="the sheet, by its id or its address in the browser",
    )
    sheets_api_url: Url = Field(
        GOOGLE_SHEETS, description="where Google Sheets is; a local server may stand there"
    )
    google_application_credentials: Path | None = Field(
        None,
        validate_default=True,
        description="key file of the Google service account that the sheet is shared with and that"
        " may write tokens; without a sheet empty means what Google's libraries find",
    )
    sheet_timezone: Zone = Field(
        "US/Pacific", description="time zone of what is written into the sheet"
    )
    dedupe_window: SecondsOrZero = Field(
        timedelta(seconds=20),
        description="seconds in which an equal body is a repeat; 0: only its id makes it one",
    )
    max_order_quantity: Amount | None = Field(
        None, description="most units of one entry; empty: no limit"
    )
    max_order_notional: Amount | None = Field(
        None, description="most money of one entry; empty: no limit"
    )
    max_open_positions: Count | None = Field(
        None, description="most positions open, or being entered, at a time; empty: no limit"
    )
    max_orders_per_second: Count | None = Field(
        None, description="most entries sent within any second; empty: no limit"
    )
    orders_per_second: Count = Field(
        ORDERS_PER_SECOND,
        description="most calls of its broker that a real account makes within any second; the "
        "last of them are kept for exits",
    )
    max_daily_loss: Amount | None = Field(
        None,
        description="realised and open loss of the exchange's day that stops entries; "
        "empty: no limit",
    )
    trading_windows: Windows | None = Field(
        None,
        description="times in which entries are allowed: `Mon-Fri 09:30-15:45 America/New_York; "
        "...`; empty: always",
    )
    cooldown: Seconds | None = Field(
        None,
        description="seconds after an entry in which its instrument is not entered again; "
        "empty: no pause",
    )
    allowed_symbols: Symbols | None = Field(
        None, description="what may be entered: `AAPL, BTC*, NSE:*`; empty: everything"
    )
    max_spread_percent: Percent | None = Field(
        None,
        description="widest spread to enter at, in percent, where the broker tells bid and ask; "
        "empty: no limit",
    )
    price_collar_percent: Percent | None = Field(
        None,
        description="how far an entry's price may be from the broker's, in percent; "
        "empty: no limit",
    )
    text_templates: Texts = Field(
        (),
        description="text forms of your own, one a line or parted by `;;`:"
        " `{action} {symbol} at {price}`",
    )
    session_policy: Hours | None = Field(
        None,
        description="hours in which is traded: `always`, `regular`, `extended`; empty: `always` on "
        "the paper account, `regular` elsewhere; a strategy row overrides it",
    )
    option_stop_percent: PercentOrNone = Field(
        Decimal(15),
        description="how far from the premium the stop of an option is for which nobody gave one, "
        "in percent; `none`: there is none",
    )
    option_target_percent: PercentOrNone = Field(
        Decimal(25), description="the same of its target; `none`: there is none"
    )
    expiry_entry_minutes: Minutes = Field(
        60, description="minutes before a contract expires in which it is not entered"
    )
    expiry_flatten_minutes: Minutes = Field(
        30,
        description="minutes before it expires that options of ours are closed, and stock futures "
        "(stocks: a day earlier); 0: never",
    )
    secret_rate_limit: Annotated[str, AfterValidator(_rate)] = Field(
        "30 per minute", description="wrong secrets from one source before it is told to wait"
    )
    egress_ip: Address | None = Field(
        None,
        description="the address that brokers know this server by; looked at when it starts, and "
        "each hour; empty: it is not looked at",
    )
    egress_url: Url = Field(
        "https://api.ipify.org", description="what answers with the address that asked, for that"
    )
    kill_file: Path | None = Field(None, description="while this file exists, no entry is made")
    backup_interval: SecondsOrZero = Field(
        timedelta(minutes=15), description="seconds between backups of the database; 0: none"
    )
    backup_keep: Count = Field(96, description="how many of the newest backups are kept")
    backup_days: int = Field(
        14, ge=0, description="of so many days the last backup is kept beside them"
    )
    retention_days: int = Field(
        400,
        ge=0,
        description="days that finished alerts and events are kept; 0: for ever. "
        "Orders, fills and trades always are",
    )
    notify_urls: SecretStr = Field(
        SecretStr(""),
        description="where notifications go: addresses as apprise has them, parted by spaces; one "
        "with `?notify_events=...` has events of its own; empty: none are sent",
    )
    notify_events: Annotated[str, AfterValidator(_events)] = Field(
        PROBLEMS,
        description="of what is told: `all`, `problems`, names of events, ends of alerts: "
        "`filled, denied`",
    )
    daily_summary: Annotated[str, AfterValidator(_daily)] = Field(
        "21:00 UTC",
        description="when the day is summed up for notifications: `17:00 America/New_York`; "
        "`never`: it is not",
    )
    log_level: Annotated[
        Literal["DEBUG", "INFO", "WARNING", "ERROR", "CRITICAL"], BeforeValidator(_upper)
    ] = Field("INFO", description="`DEBUG`, `INFO`, `WARNING`, `ERROR` or `CRITICAL`")
    log_format: Annotated[Literal["json", "console"], BeforeValidator(_lower)] = Field(
        "json", description="`json` or `console`, to standard output"
    )

    warnings: tuple[str, ...] = ()
    """What deserves a line in the log at start. The one field that is not a setting."""

    @field_validator("accounts")
    @classmethod
    def _each_named_once(cls, accounts: tuple[AccountSettings, ...]) -> tuple[AccountSettings, ...]:
        if len({account.name for account in accounts}) < len(accounts):
            raise ValueError("must name each account once")
        return accounts

    @field_validator("google_sheet_id")
    @classmethod
    def _there_is_a_sheet(cls, sheet_id: str | None, info: ValidationInfo) -> str | None:
        if sheet_id is None and info.data.get("playbook") == "google_sheets":
            raise ValueError("must be set for PLAYBOOK=google_sheets")
        return sheet_id

    @field_validator("google_application_credentials")
    @classmethod
    def _google_is_told_who_asks(cls, file: Path | None, info: ValidationInfo) -> Path | None:
        is_google = info.data.get("sheets_api_url") == GOOGLE_SHEETS
        if file is None and is_google and info.data.get("playbook") == "google_sheets":
            raise ValueError(
                "must be set for PLAYBOOK=google_sheets: Google lets nobody in without"
            )
        return file

    @field_validator("default_account")
    @classmethod
    def _one_of_the_accounts(cls, name: str, info: ValidationInfo) -> str:
        names: Collection[str] = info.context or ()
        if names and name not in names:
            raise ValueError(f"must be one of ACCOUNTS ({', '.join(names)})")
        return name

    @field_validator("notify_urls")
    @classmethod
    def _addresses(cls, urls: SecretStr) -> SecretStr:
        sinks_of(urls.get_secret_value(), PROBLEMS)
        return urls

    @classmethod
    def from_env(
        cls, environ: Mapping[str, str] | None = None, dotenv: Path | None = Path(".env")
    ) -> Self:
        """Read the settings; a variable that is empty counts as not set.

        Args:
            environ: the variables; None for those of this process.
            dotenv: a file of more variables, which the environment overrides. It need not exist.

        Raises:
            ConfigError: names every setting that is missing or bad, and shows no secret.
        """
        in_file = _not_empty(_read(dotenv)) if dotenv else {}
        variables = in_file | _not_empty(os.environ if environ is None else environ)
        accounts = _plan_accounts(variables)
        given = {name: variables[name.upper()] for name in FIELDS if name.upper() in variables}
        try:
            settings = cls.model_validate(
                {**given, "accounts": accounts}, context=[account["name"] for account in accounts]
            )
        except ValidationError as error:
            raise ConfigError("; ".join(_problems(error, accounts, variables))) from None
        known = _known_variables(settings.accounts)
        warnings = (
            *_weak_secrets(settings),
            *_forgetful(settings),
            *_unwatched(variables),
            *_typos(in_file, known),
        )
        return settings.model_copy(update={"warnings": warnings})

    @property
    def symbols_url(self) -> str | None:
        """Where lists of instruments come from; None when nobody needs any."""
        wanted = any(account.broker == FYERS for account in self.accounts)
        return self.fyers_symbols_url or (FYERS_SYMBOLS if wanted else None)

    @property
    def bind_address(self) -> str:
        """Where gunicorn listens."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return self.bind or f"{host}:{self.port}"

    @property
    def secrets(self) -> Sequence[str]:
        """What must never be seen: secret settings, and the secret options of the accounts."""
        known = [getattr(self, name) for name in FIELDS if name not in SHORT]
        of_ours = [value.get_secret_value() for value in known if isinstance(value, SecretStr)]
        of_sinks = (text for sink in self.sinks for text in secrets_of(sink))
        return [text for text in (*of_ours, *self._secret_options(), *of_sinks) if text]

    @property
    def summary_at(self) -> TimeOfDay | None:
        """When the day is summed up; None = never."""
        never = self.daily_summary.strip().lower() == NEVER
        return None if never else TimeOfDay.parse(self.daily_summary, _zone)

    @property
    def sinks(self) -> Sequence[Sink]:
        """Where notifications go."""
        return sinks_of(self.notify_urls.get_secret_value(), self.notify_events)

    def _secret_options(self) -> Iterator[str]:
        for account in self.accounts:
            for option, field in BROKER_OPTIONS.get(account.broker, {}).items():
                if isinstance(getattr(self, field), SecretStr) and field not in SHORT:
                    yield account.options.get(option, "")

    def shown(self) -> dict[str, object]:
        """Every setting by its variable's name, fit for JSON, without secrets."""
        shown = {name.upper(): _plain(getattr(self, name)) for name in FIELDS}
        shown["ACCOUNTS"] = ",".join(
            account.name if account.name == account.broker else f"{account.name}={account.broker}"
            for account in self.accounts
        )
        for account in self.accounts:
            own = self._shown_options(account) | self._shown_limits(account)
            for name, value in own.items():
                shown.setdefault(f"{account.name}_{name}".upper(), value)
        return shown

    def _shown_options(self, account: AccountSettings) -> dict[str, object]:
        """An account's options; one that is documented nowhere may be a secret."""
        documented = BROKER_OPTIONS.get(account.broker, {})
        public = {
            option
            for option, field in documented.items()
            if not isinstance(getattr(self, field), SecretStr)
        }
        return {
            option: text if option in public else HIDDEN for option, text in account.options.items()
        }

    def _shown_limits(self, account: AccountSettings) -> dict[str, object]:
        """The limits in which an account differs from the rest."""
        return {
            limit: _plain(getattr(account, limit))
            for limit in ACCOUNT_LIMITS
            if getattr(account, limit) != getattr(self, limit)
        }


FIELDS = {name: field for name, field in Settings.model_fields.items() if name != "warnings"}
"""Setting -> its description, default and rules; the documentation is made from it."""


def as_text(value: object) -> str:
    """A setting's value as one writes it into `.env`."""
    if isinstance(value, timedelta):
        return str(_plain(value))
    if isinstance(value, SecretStr):
        return value.get_secret_value()
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Path) and not value.is_absolute():
        return f"./{value}"
    if isinstance(value, tuple):
        return ";;".join(map(str, cast("tuple[object, ...]", value)))
    return "" if value is None else str(value)


def _plain(value: object) -> object:
    """A setting's value as JSON has it."""
    match value:
        case SecretStr():
            return HIDDEN if value else ""
        case timedelta():
            seconds = value / timedelta(seconds=1)
            return int(seconds) if seconds.is_integer() else seconds
        case Path() | Decimal():
            return str(value)
        case tuple():
            return as_text(cast("object", value))
        case _:
            return value


def _read(dotenv: Path) -> Mapping[str, str | None]:
    try:
        # no interpolation: a secret may hold `${`
        return dotenv_values(dotenv, interpolate=False, encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{dotenv} cannot be read: {error}") from error


def _not_empty(variables: Mapping[str, str | None]) -> dict[str, str]:
    stripped = {name: (value or "").strip() for name, value in variables.items()}
    return {name: value for name, value in stripped.items() if value}


def _plan_accounts(variables: Mapping[str, str]) -> list[dict[str, object]]:
    """What ACCOUNTS and the variables of each account say, not yet checked."""
    brokers: list[tuple[str, str]] = []
    opened = [name for name, keys in OPENED_BY.items() if any(key in variables for key in keys)]
    for item in variables.get("ACCOUNTS", ",".join([PAPER, *opened])).split(","):
        name, equals, broker = (part.strip() for part in item.partition("="))
        brokers.append((name, broker if equals else name))
    names = [name for name, _ in brokers]
    return [
        _plan_account(name, broker, _account_variables(name, broker, names, variables), variables)
        for name, broker in brokers
    ]


def _account_variables(
    name: str, broker: str, names: Iterable[str], variables: Mapping[str, str]
) -> dict[str, str]:
    """The `NAME_...` variables of one account, without the name; `SIM_2_CASH` is not of `sim`."""
    prefix = f"{name}_".upper()
    longer = tuple(f"{other}_".upper() for other in names if other.startswith(f"{name}_"))
    not_options = FIELDS.keys() - set(BROKER_OPTIONS.get(broker, {}).values())
    return {
        variable.removeprefix(prefix): value
        for variable, value in variables.items()
        if variable.startswith(prefix)
        and not variable.startswith(longer)
        and variable.lower() not in not_options
    }


def _plan_account(
    name: str, broker: str, own: Mapping[str, str], variables: Mapping[str, str]
) -> dict[str, object]:
    """One account: its own options before the documented defaults, its own limits before all's."""
    documented = BROKER_OPTIONS.get(broker, {})
    options = {option: as_text(FIELDS[field].default) for option, field in documented.items()}
    options |= {name: value for name, value in own.items() if name.lower() not in ACCOUNT_LIMITS}
    everyones = {limit: variables.get(limit.upper()) for limit in ACCOUNT_LIMITS}
    limits = {limit: own.get(limit.upper(), everyones[limit]) for limit in ACCOUNT_LIMITS}
    return {"name": name, "broker": broker, "options": options, **limits}


def _problems(
    error: ValidationError, accounts: Sequence[Mapping[str, object]], variables: Collection[str]
) -> Iterable[str]:
    """One clause for each bad setting; a global limit is named once, not once an account."""
    problems: dict[str, None] = {}
    for detail in error.errors(include_url=False, include_context=False, include_input=False):
        variable = _variable_at(detail["loc"], accounts, variables)
        if detail["type"] == "missing":
            problems[f"{variable} is not set"] = None
        elif detail["type"] != "default_factory_not_called":  # only because another one is bad
            reason = detail["msg"].removeprefix("Value error, ")
            reason = re.sub("^([A-Z][a-z]+ )?[Ii]nput should", "must", reason)
            problems[f"{variable} {reason}"] = None
    return problems


def _variable_at(
    place: tuple[int | str, ...],
    accounts: Sequence[Mapping[str, object]],
    variables: Collection[str],
) -> str:
    """The variable that a place in the settings was read from."""
    match place:
        case ("accounts", int(index), str(limit)) if limit in ACCOUNT_LIMITS:
            own = f"{accounts[index]['name']}_{limit}".upper()
            return own if own in variables else limit.upper()
        case _:
            return str(place[0]).upper()


def _weak_secrets(settings: Settings) -> Iterator[str]:
    for name in FIELDS:
        value = getattr(settings, name)
        if name == "notify_urls":
            continue  # addresses, with secrets of others in them
        ours = isinstance(value, SecretStr) and name not in CHOSEN_BY_OTHERS
        if ours and 0 < len(value) < SHORTEST_STRONG_SECRET:
            yield f"{name.upper()} is shorter than {SHORTEST_STRONG_SECRET} characters"


def _forgetful(settings: Settings) -> Iterator[str]:
    wanted = any(account.broker in DAILY_LOGIN for account in settings.accounts)
    if wanted and not settings.token_key:
        yield "TOKEN_KEY is not set: tokens are kept in memory only, a restart wants a new login"


def _unwatched(names: Iterable[str]) -> Iterator[str]:
    """Limits that other versions may know: their owner would rely on them."""
    for name in sorted(names):
        if name.endswith(LIMITS_OF_EQUITY):
            yield f"{name} is set, and nothing watches it: this version has no limits of equity"


def _known_variables(accounts: Iterable[AccountSettings]) -> set[str]:
    known = set(FIELDS)
    for account in accounts:
        names = (*ACCOUNT_LIMITS, *BROKER_OPTIONS.get(account.broker, ()))
        known.update(f"{account.name}_{name}" for name in names)
    return {name.upper() for name in known}


def _typos(names: Iterable[str], known: Collection[str]) -> Iterator[str]:
    for name in names:
        close = difflib.get_close_matches(name.upper(), known, n=1, cutoff=TYPO_LIKENESS)
        if close and name not in known:
            yield f"{name} in .env is not a setting; did you mean {close[0]}?"
