"""Settings: what is read, from where, and what is said when it cannot be used."""

from datetime import timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from pydantic import SecretStr, ValidationError

from app.config import FIELDS, AccountSettings, Settings
from app.domain.errors import ConfigError
from app.domain.limits import Limits

SECRET = "correct-horse-battery-staple"
KEY = "another-long-enough-key"
REQUIRED = {"WEBHOOK_SECRET": SECRET, "API_KEY": KEY}


def read(**variables: str) -> Settings:
    return Settings.from_env(REQUIRED | variables, None)


def read_with(dotenv: Path, **variables: str) -> Settings:
    return Settings.from_env(REQUIRED | variables, dotenv)


def refusal(**variables: str) -> str:
    with pytest.raises(ConfigError) as caught:
        read(**variables)
    return str(caught.value)


@pytest.fixture
def dotenv(tmp_path: Path) -> Path:
    return tmp_path / ".env"


# ------------------------------------------------------------------ where settings come from


def test_the_defaults_are_those_of_the_documentation() -> None:
    settings = read()
    assert settings.bind_address == "127.0.0.1:8080"
    assert settings.data_dir == Path("var")
    assert settings.threads == 64
    assert settings.trusted_proxies == 0
    assert settings.database_url == "sqlite:///var/novalgo.db"
    assert settings.default_account == "paper"
    assert settings.default_position_size is None
    assert settings.paper_cash == Decimal(100_000)
    assert settings.paper_max_quote_age == timedelta(minutes=15)
    assert settings.max_alert_age == timedelta(minutes=1)
    assert settings.max_exit_age == timedelta(minutes=15)
    assert settings.dedupe_window == timedelta(seconds=20)
    assert settings.secret_rate_limit == "30 per minute"
    assert settings.kill_file is None
    assert (settings.log_level, settings.log_format) == ("INFO", "json")
    assert settings.warnings == ()


def test_the_environment_is_that_of_the_process_when_none_is_given(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    for name, value in (REQUIRED | {"PORT": "9001"}).items():
        monkeypatch.setenv(name, value)
    Path(".env").write_text("PORT=9000\nTHREADS=3\n")
    settings = Settings.from_env()
    assert (settings.port, settings.threads) == (9001, 3)


def test_the_environment_wins_over_the_file(dotenv: Path) -> None:
    dotenv.write_text("PORT=9000\nTHREADS=3\n")
    settings = read_with(dotenv, PORT="9001")
    assert (settings.port, settings.threads) == (9001, 3)


def test_an_empty_variable_does_not_hide_the_one_in_the_file(dotenv: Path) -> None:
    dotenv.write_text("PORT=9000\n")
    assert read_with(dotenv, PORT="").port == 9000


@pytest.mark.parametrize("empty", ["", " ", "\t"])
def test_an_empty_variable_is_not_set(empty: str) -> None:
    assert read(PORT=empty, MAX_ORDER_NOTIONAL=empty, KILL_FILE=empty) == read()


def test_space_around_a_value_is_not_part_of_it() -> None:
    assert read(PORT=" 9000 ").port == 9000


def test_a_file_that_is_missing_is_no_file(dotenv: Path) -> None:
    assert read_with(dotenv) == read()


def test_a_secret_in_the_file_is_taken_as_it_is(dotenv: Path) -> None:
    dotenv.write_text("WEBHOOK_SECRET=${HOME}-with-$dollars-in-it\n")
    settings = Settings.from_env({"API_KEY": KEY}, dotenv)
    assert settings.webhook_secret.get_secret_value() == "${HOME}-with-$dollars-in-it"


def test_a_byte_order_mark_does_not_spoil_the_first_name(dotenv: Path) -> None:
    dotenv.write_text("PORT=9000\n", encoding="utf-8-sig")
    assert read_with(dotenv).port == 9000


def test_a_file_that_cannot_be_read_stops_the_start(dotenv: Path) -> None:
    dotenv.write_bytes(b"PORT=\xff\xfe\n")
    with pytest.raises(ConfigError, match="cannot be read"):
        read_with(dotenv)


def test_variables_of_others_are_left_alone() -> None:
    assert read(PATH="/bin", WARNINGS="mine", port="1") == read()


# --------------------------------------------------------------------------- what a value is


def test_settings_cannot_be_changed() -> None:
    settings = read()
    with pytest.raises(ValidationError):
        setattr(settings, "port", 1)  # noqa: B010  the type checkers refuse the plain form


def test_settings_may_be_made_of_values() -> None:
    given = {"webhook_secret": SECRET, "api_key": KEY, "accounts": ()}
    settings = Settings.model_validate({**given, "max_alert_age": timedelta(seconds=5)})
    assert settings.max_alert_age == timedelta(seconds=5)
    with pytest.raises(ValidationError):
        Settings.model_validate({**given, "prot": 1})


def test_money_is_exact() -> None:
    settings = read(PAPER_CASH="0.1", MAX_ORDER_NOTIONAL="1000.10", DEFAULT_POSITION_SIZE="1e3")
    assert settings.paper_cash == Decimal("0.1")
    assert settings.max_order_notional == Decimal("1000.10")
    assert settings.default_position_size == Decimal(1000)


PAPER = {"CASH": "100000", "FEE_PERCENT": "0", "SLIPPAGE_TICKS": "0", "MAX_QUOTE_AGE": "900"}
"""The options of a paper account that nothing was set for."""

MONEY = [
    "PAPER_CASH",
    "DEFAULT_POSITION_SIZE",
    "MAX_ORDER_QUANTITY",
    "MAX_ORDER_NOTIONAL",
    "MAX_DAILY_LOSS",
    "MAX_SPREAD_PERCENT",
    "PRICE_COLLAR_PERCENT",
]


@pytest.mark.parametrize("name", MONEY)
@pytest.mark.parametrize("value", ["0", "-1", "NaN", "Infinity", "lots", "1,000", "1e999999"])
def test_money_is_a_positive_finite_number(name: str, value: str) -> None:
    assert refusal(**{name: value}).startswith(f"{name} must ")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PAPER_FEE_PERCENT", "-0.1"),
        ("PAPER_FEE_PERCENT", "100.1"),
        ("PAPER_FEE_PERCENT", "NaN"),
        ("PAPER_SLIPPAGE_TICKS", "-1"),
        ("PAPER_SLIPPAGE_TICKS", "1.5"),
    ],
)
def test_what_trading_costs_on_paper_is_never_negative(name: str, value: str) -> None:
    assert refusal(**{name: value}).startswith(f"{name} must ")


@pytest.mark.parametrize(
    "name", ["PAPER_MAX_QUOTE_AGE", "MAX_ALERT_AGE", "MAX_EXIT_AGE", "COOLDOWN"]
)
@pytest.mark.parametrize(
    "value", ["0", "-1", "nan", "inf", "1e400", "a minute", "PT5M", "00:05:00"]
)
def test_a_duration_is_a_positive_number_of_seconds(name: str, value: str) -> None:
    assert refusal(**{name: value}).startswith(f"{name} must be ")


def test_seconds_may_be_parts_of_one() -> None:
    assert read(MAX_ALERT_AGE="0.5").max_alert_age == timedelta(milliseconds=500)


def test_a_window_of_zero_seconds_turns_the_window_off() -> None:
    assert read(DEDUPE_WINDOW="0").dedupe_window == timedelta(0)
    assert refusal(DEDUPE_WINDOW="-1").startswith("DEDUPE_WINDOW must be ")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORT", "0"),
        ("PORT", "65536"),
        ("PORT", "http"),
        ("THREADS", "0"),
        ("THREADS", "2.5"),
        ("TRUSTED_PROXIES", "-1"),
        ("MAX_OPEN_POSITIONS", "0"),
        ("MAX_ORDERS_PER_SECOND", "0"),
        ("MAX_ORDERS_PER_SECOND", "0.5"),
        ("MAX_DAILY_LOSS", "3%"),
        ("TRADING_WINDOWS", "9 to 5"),
        ("TRADING_WINDOWS", "09:30-15:45 America/Nowhere"),
        ("TRADING_WINDOWS", ";"),
        ("ALLOWED_SYMBOLS", "AAPL MSFT"),
        ("ALLOWED_SYMBOLS", "AAPL,,MSFT"),
        ("ALLOWED_SYMBOLS", ","),
        ("LOG_LEVEL", "loud"),
        ("LOG_FORMAT", "xml"),
        ("SECRET_RATE_LIMIT", "often"),
        ("SECRET_RATE_LIMIT", "0 per minute"),
        ("SECRET_RATE_LIMIT", "1 per second; 30 per minute"),
        ("DATABASE_URL", "postgresql://novalgo:hush@db/novalgo"),
        ("DATABASE_URL", "sqlite://"),
        ("DATABASE_URL", "sqlite:///"),
        ("DATABASE_URL", "sqlite:///:memory:"),
        ("DATABASE_URL", "var/novalgo.db"),
    ],
)
def test_a_value_that_cannot_be_used_is_named(name: str, value: str) -> None:
    message = refusal(**{name: value})
    assert message.startswith(f"{name} must ")
    assert "hush" not in message


def test_words_may_be_in_any_case() -> None:
    settings = read(LOG_LEVEL="debug", LOG_FORMAT="Console")
    assert (settings.log_level, settings.log_format) == ("DEBUG", "console")


def test_the_database_is_in_the_data_folder_unless_told_otherwise() -> None:
    assert read(DATA_DIR="/srv/n").database_url == "sqlite:////srv/n/novalgo.db"
    assert read(DATABASE_URL="sqlite:///other.db").database_url == "sqlite:///other.db"


@pytest.mark.parametrize(
    ("variables", "address"),
    [
        ({"HOST": "0.0.0.0", "PORT": "9000"}, "0.0.0.0:9000"),  # noqa: S104  a value, not a socket
        ({"HOST": "::1"}, "[::1]:8080"),
        ({"BIND": "unix:/run/novalgo.sock", "PORT": "9000"}, "unix:/run/novalgo.sock"),
    ],
)
def test_bind_wins_over_host_and_port(variables: dict[str, str], address: str) -> None:
    assert read(**variables).bind_address == address


# ------------------------------------------------------------------------ what goes wrong


def test_what_is_required_is_named_when_missing() -> None:
    with pytest.raises(ConfigError) as caught:
        Settings.from_env({}, None)
    assert str(caught.value) == "WEBHOOK_SECRET is not set; API_KEY is not set"


def test_everything_that_is_wrong_is_said_at_once() -> None:
    with pytest.raises(ConfigError) as caught:
        Settings.from_env(
            {
                "API_KEY": "",
                "WEBHOOK_SECRET": SECRET,
                "PORT": "http",
                "PAPER_CASH": "none",
                "ACCOUNTS": "paper,sim=paper",
                "DEFAULT_ACCOUNT": "sin",
                "MAX_ORDER_NOTIONAL": "much",
                "SIM_MAX_OPEN_POSITIONS": "many",
            },
            None,
        )
    named = [clause.split()[0] for clause in str(caught.value).split("; ")]
    assert sorted(named) == [
        "API_KEY",
        "DEFAULT_ACCOUNT",
        "MAX_ORDER_NOTIONAL",
        "PAPER_CASH",
        "PORT",
        "SIM_MAX_OPEN_POSITIONS",
    ]


def test_no_message_shows_a_secret() -> None:
    message = refusal(PORT="http", WEBHOOK_SECRET_PREVIOUS="old-secret", ALPACA_SECRET_KEY="hush")
    for secret in (SECRET, KEY, "old-secret", "hush"):
        assert secret not in message


# ------------------------------------------------------------------------------- accounts


def accounts(**variables: str) -> dict[str, AccountSettings]:
    return {account.name: account for account in read(**variables).accounts}


def test_there_is_a_paper_account_by_itself() -> None:
    (account,) = read().accounts
    assert (account.name, account.broker) == ("paper", "paper")
    assert account.options == PAPER
    assert account.limits == Limits()


def test_an_account_is_named_like_its_broker_unless_told_otherwise() -> None:
    found = accounts(ACCOUNTS=" paper , sim = paper,us=alpaca")
    assert {name: account.broker for name, account in found.items()} == {
        "paper": "paper",
        "sim": "paper",
        "us": "alpaca",
    }


@pytest.mark.parametrize(
    "text",
    ["Paper", "1st", "my-paper", "a b", "paper,", ",", "=paper", "sim=", "sim=a=b", "sim=Ab"],
)
def test_names_of_accounts_and_brokers_are_plain(text: str) -> None:
    assert "ACCOUNTS must hold names of a-z, 0-9 and _" in refusal(ACCOUNTS=text)


def test_an_account_is_named_once() -> None:
    assert "ACCOUNTS must name each account once" in refusal(ACCOUNTS="paper,paper=alpaca")


def test_the_default_account_must_exist() -> None:
    assert refusal(DEFAULT_ACCOUNT="sim") == "DEFAULT_ACCOUNT must be one of ACCOUNTS (paper)"
    assert read(ACCOUNTS="paper,sim=paper", DEFAULT_ACCOUNT="sim").default_account == "sim"


def test_the_default_account_must_be_named_when_there_is_no_paper_account() -> None:
    assert refusal(ACCOUNTS="sim=paper") == "DEFAULT_ACCOUNT must be one of ACCOUNTS (sim)"


def test_the_paper_settings_are_the_options_of_the_account_paper() -> None:
    found = accounts(ACCOUNTS="paper,sim=paper", PAPER_CASH="50", PAPER_MAX_QUOTE_AGE="5")
    assert found["paper"].options == PAPER | {"CASH": "50", "MAX_QUOTE_AGE": "5"}
    assert found["sim"].options == PAPER


def test_the_keys_of_alpaca_open_the_account_of_that_name() -> None:
    found = accounts(ALPACA_API_KEY="key", ALPACA_SECRET_KEY="hush")
    assert [(account.name, account.broker) for account in found.values()] == [
        ("paper", "paper"),
        ("alpaca", "alpaca"),
    ]
    assert found["alpaca"].options == {
        "API_KEY": "key",
        "SECRET_KEY": "hush",
        "BASE_URL": "https://paper-api.alpaca.markets",
        "DATA_URL": "https://data.alpaca.markets",
        "STREAM_URL": "",
        "REQUESTS_PER_MINUTE": "",
    }


def test_accounts_that_are_listed_are_all_there_are() -> None:
    assert accounts(ACCOUNTS="paper", ALPACA_API_KEY="key").keys() == {"paper"}


def test_a_second_alpaca_account_has_keys_of_its_own() -> None:
    found = accounts(ACCOUNTS="paper,alpaca,us=alpaca", ALPACA_API_KEY="a", US_API_KEY="b")
    assert [found[name].options["API_KEY"] for name in ("alpaca", "us")] == ["a", "b"]


@pytest.mark.parametrize("text", ["paper-api.alpaca.markets", "https://", "https://a?b", "ftp://a"])
def test_an_address_is_one_that_can_be_called(text: str) -> None:
    assert "ALPACA_BASE_URL must be an address" in refusal(ALPACA_BASE_URL=text)


def test_every_secret_is_known_to_the_veil() -> None:
    settings = read(
        ACCOUNTS="paper,alpaca,us=alpaca",
        ALPACA_API_KEY="key-1",
        ALPACA_SECRET_KEY="hush-1",
        US_API_KEY="key-2",
        US_SECRET_KEY="hush-2",
    )
    assert set(settings.secrets) == {SECRET, KEY, "key-1", "hush-1", "key-2", "hush-2"}


def test_the_keys_of_fyers_open_the_account_of_that_name_and_its_lists_do_not() -> None:
    found = accounts(FYERS_APP_ID="A-100", FYERS_SECRET_ID="hush", FYERS_BAND_PERCENT="2")
    assert found.keys() == {"paper", "fyers"}
    options = found["fyers"].options
    assert (options["APP_ID"], options["BAND_PERCENT"]) == ("A-100", "2")
    assert options["STREAM_URL"] == "wss://socket.fyers.in/trade/v3"
    assert (options["PIN"], options["AUTO_LOGIN"]) == ("", "false")
    assert accounts(FYERS_SYMBOLS_URL="https://lists.test").keys() == {"paper"}


def test_a_pin_is_hidden_by_its_name_and_not_wherever_its_digits_occur() -> None:
    settings = read(
        ACCOUNTS="paper,fyers,two=fyers",
        FYERS_SECRET_ID="hush-1",
        FYERS_PIN="1234",
        FYERS_TOTP_SECRET="hush-2",
        TWO_PIN="5678",
        TOKEN_KEY="hush-3",
    )
    assert set(settings.secrets) == {SECRET, KEY, "hush-1", "hush-2", "hush-3"}
    shown = str(settings.shown())
    assert [each for each in ("1234", "5678", "hush") if each in shown] == []


def test_without_a_key_for_tokens_an_account_that_needs_them_is_warned_about() -> None:
    words = "TOKEN_KEY is not set: tokens are kept in memory only, a restart wants a new login"
    assert read(ACCOUNTS="paper,fyers").warnings == (words,)
    assert read(ACCOUNTS="paper,fyers", TOKEN_KEY="k" * 43).warnings == ()
    assert read(ACCOUNTS="paper").warnings == ()


@pytest.mark.parametrize("name", ["FYERS_PIN", "FYERS_TOTP_SECRET", "FYERS_SECRET_ID"])
def test_a_secret_whose_length_others_choose_is_no_warning(name: str) -> None:
    assert read(ACCOUNTS="paper", **{name: "1234"}).warnings == ()


def test_an_account_has_options_of_its_own() -> None:
    found = accounts(ACCOUNTS="paper,sim=paper", SIM_CASH="50", SIM_SEED="7")
    assert found["sim"].options == PAPER | {"CASH": "50", "SEED": "7"}
    assert found["paper"].options == PAPER


def test_options_are_those_of_the_longest_name_that_fits() -> None:
    found = accounts(ACCOUNTS="paper,sim=dummy,sim_2=dummy", SIM_CASH="1", SIM_2_CASH="2")
    assert found["sim"].options == {"CASH": "1"}
    assert found["sim_2"].options == {"CASH": "2"}


def test_a_setting_of_everyone_is_nobodys_option() -> None:
    found = accounts(ACCOUNTS="paper,max=dummy", MAX_ALERT_AGE="30", MAX_SPEED="1")
    assert found["max"].options == {"SPEED": "1"}


def test_options_in_the_file_count_too(dotenv: Path) -> None:
    dotenv.write_text("ACCOUNTS=paper,sim=dummy\nSIM_TOKEN=abc\n")
    assert read_with(dotenv).accounts[1].options == {"TOKEN": "abc"}


def test_a_limit_of_everyone_holds_for_each_account_that_has_none_of_its_own() -> None:
    found = accounts(
        ACCOUNTS="paper,sim=paper",
        MAX_ORDER_NOTIONAL="1000",
        MAX_OPEN_POSITIONS="5",
        SIM_MAX_ORDER_NOTIONAL="200",
        SIM_MAX_ORDER_QUANTITY="3",
    )
    assert found["paper"].limits == Limits(max_order_notional=Decimal(1000), max_open_positions=5)
    assert found["sim"].limits == Limits(
        max_order_notional=Decimal(200), max_order_quantity=Decimal(3), max_open_positions=5
    )
    assert not found["sim"].options.keys() & {"MAX_ORDER_NOTIONAL", "MAX_ORDER_QUANTITY"}


def test_every_limit_of_the_risk_gate_may_be_set_for_all_and_for_one_account() -> None:
    found = accounts(
        ACCOUNTS="paper,sim=paper",
        MAX_ORDERS_PER_SECOND="2",
        MAX_DAILY_LOSS="500",
        COOLDOWN="60",
        ALLOWED_SYMBOLS="aapl, BTC/USD,NSE:*",
        MAX_SPREAD_PERCENT="0.5",
        PRICE_COLLAR_PERCENT="5",
        TRADING_WINDOWS="Mon-Fri 09:30-15:45 America/New_York",
        SIM_TRADING_WINDOWS="00:00-24:00",
        SIM_ALLOWED_SYMBOLS="*",
        SIM_MAX_DAILY_LOSS="50",
        SIM_DEFAULT_POSITION_SIZE="75",
        DEFAULT_POSITION_SIZE="100",
    )
    limits = found["paper"].limits
    assert limits == Limits(
        max_orders_per_second=2,
        max_daily_loss=Decimal(500),
        trading_windows=limits.trading_windows,
        cooldown=timedelta(minutes=1),
        allowed_symbols=("AAPL", "BTCUSD", "NSE:*"),
        max_spread_percent=Decimal("0.5"),
        price_collar_percent=Decimal(5),
    )
    assert [str(window.zone) for window in limits.trading_windows] == ["America/New_York"]
    assert found["sim"].limits.allowed_symbols == ("*",)
    assert found["sim"].limits.max_daily_loss == Decimal(50)
    assert [str(window.zone) for window in found["sim"].limits.trading_windows] == ["UTC"]
    sizes = [account.default_position_size for account in found.values()]
    assert sizes == [Decimal(100), Decimal(75)]


def test_a_bad_limit_is_named_where_it_stands() -> None:
    assert refusal(PAPER_TRADING_WINDOWS="x").startswith("PAPER_TRADING_WINDOWS must be like ")
    assert refusal(PAPER_MAX_OPEN_POSITIONS="x").startswith("PAPER_MAX_OPEN_POSITIONS must be ")
    assert refusal(ACCOUNTS="paper,sim=paper", MAX_OPEN_POSITIONS="x").count("MAX_OPEN") == 1


# ------------------------------------------------------------------------------- warnings


def test_a_short_secret_is_accepted_with_a_warning() -> None:
    settings = Settings.from_env({"WEBHOOK_SECRET": "s3cret", "API_KEY": "k" * 16}, None)
    assert settings.webhook_secret == SecretStr("s3cret")
    assert settings.warnings == ("WEBHOOK_SECRET is shorter than 16 characters",)


def test_a_name_in_the_file_that_looks_misspelt_is_warned_about(dotenv: Path) -> None:
    dotenv.write_text(
        "MAX_ORDER_NOTINAL=5\nport=1\nSIM_MAX_OPEN_POSITION=2\nPAPER_CASHH=1\n"
        "ACCOUNTS=paper,sim=paper\nSIM_CASH=1\nCOMPOSE_PROJECT_NAME=x\nMAX_ALERT_AGE=5\n"
    )
    assert read_with(dotenv).warnings == (
        "MAX_ORDER_NOTINAL in .env is not a setting; did you mean MAX_ORDER_NOTIONAL?",
        "port in .env is not a setting; did you mean PORT?",
        "SIM_MAX_OPEN_POSITION in .env is not a setting; did you mean SIM_MAX_OPEN_POSITIONS?",
        "PAPER_CASHH in .env is not a setting; did you mean PAPER_CASH?",
    )


@pytest.mark.parametrize("name", ["GLOBAL_STOP_LOSS", "PAPER_DAILY_TAKE_PROFIT"])
def test_a_limit_that_nothing_watches_is_told(name: str) -> None:
    limited = read(**{name: "3%"})
    assert list(limited.warnings) == [
        f"{name} is set, and nothing watches it: this version has no limits of equity"
    ]
    assert read().warnings == ()


def test_the_environment_may_hold_any_name() -> None:
    assert read(MAX_ORDER_NOTINAL="5").warnings == ()


# ---------------------------------------------------------------------------- shown to people


def test_every_setting_is_shown_and_no_secret() -> None:
    shown = read(MAX_ORDER_NOTIONAL="10.50", MAX_ALERT_AGE="1.5", KILL_FILE="/run/stop").shown()
    assert {name.upper() for name in FIELDS} == shown.keys()
    assert shown["WEBHOOK_SECRET"] == shown["API_KEY"] == "***"
    assert shown["WEBHOOK_SECRET_PREVIOUS"] == ""
    assert shown["ACCOUNTS"] == "paper"
    assert (shown["MAX_ORDER_NOTIONAL"], shown["MAX_ALERT_AGE"]) == ("10.50", 1.5)
    assert (shown["MAX_EXIT_AGE"], shown["PAPER_MAX_QUOTE_AGE"]) == (900, 900)
    assert (shown["KILL_FILE"], shown["BIND"]) == ("/run/stop", None)


def test_what_an_account_has_of_its_own_is_shown_unless_it_may_be_a_secret() -> None:
    shown = read(
        ACCOUNTS="paper,sim=paper,us=alpaca",
        SIM_CASH="5",
        SIM_MAX_OPEN_POSITIONS="2",
        US_SECRET_KEY="hush",
        PAPER_TOKEN="hush",
    ).shown()
    assert shown["ACCOUNTS"] == "paper,sim=paper,us=alpaca"
    assert (shown["SIM_CASH"], shown["SIM_MAX_OPEN_POSITIONS"]) == ("5", 2)
    assert (shown["US_SECRET_KEY"], shown["PAPER_TOKEN"]) == ("***", "***")
    assert "PAPER_MAX_OPEN_POSITIONS" not in shown


def test_printing_settings_shows_no_secret() -> None:
    printed = repr(read(ACCOUNTS="paper,us=alpaca", US_SECRET_KEY="hush"))
    for secret in (SECRET, KEY, "hush"):
        assert secret not in printed


def test_text_templates_stand_on_lines_or_between_two_semicolons() -> None:
    settings = read(TEXT_TEMPLATES="{action} {symbol};;\n {action}; {ticker} \n\n;;")
    assert settings.text_templates == ("{action} {symbol}", "{action}; {ticker}")
    assert settings.shown()["TEXT_TEMPLATES"] == "{action} {symbol};;{action}; {ticker}"
    assert read().text_templates == ()


@pytest.mark.parametrize(
    ("variables", "policies"),
    [
        ({}, ("always", "regular")),
        ({"SESSION_POLICY": "Extended"}, ("extended", "extended")),
        ({"SESSION_POLICY": "regular", "PAPER_SESSION_POLICY": "always"}, ("always", "regular")),
        ({"REAL_SESSION_POLICY": "always"}, ("always", "always")),
    ],
)
def test_paper_trades_at_any_hour_and_others_in_the_regular_ones_unless_told(
    variables: dict[str, str], policies: tuple[str, str]
) -> None:
    settings = read(ACCOUNTS="paper,real=other", **variables)
    assert tuple(account.sessions.policy for account in settings.accounts) == policies
    assert [account.sessions.trusts_weekdays for account in settings.accounts] == [True, False]


def test_a_session_policy_is_one_of_three() -> None:
    assert refusal(SESSION_POLICY="night").startswith("SESSION_POLICY must be ")
    assert refusal(PAPER_SESSION_POLICY="night").startswith("PAPER_SESSION_POLICY must be ")


@pytest.mark.parametrize(
    "where", ["https://lists.example/sym", "./lists", "/srv/lists", "file:///srv/my%20lists"]
)
def test_lists_of_instruments_come_from_an_address_or_a_folder(where: str) -> None:
    assert read(FYERS_SYMBOLS_URL=where).symbols_url == where


@pytest.mark.parametrize("where", ["ftp://lists.example", "file://host/lists", "https://a b"])
def test_lists_of_instruments_come_from_nowhere_else(where: str) -> None:
    with pytest.raises(ConfigError, match="FYERS_SYMBOLS_URL"):
        read(FYERS_SYMBOLS_URL=where)


def test_only_who_trades_at_fyers_needs_lists_of_instruments() -> None:
    assert read().symbols_url is None
    assert read(ACCOUNTS="paper,india=fyers").symbols_url == "https://public.fyers.in/sym_details"


def test_addresses_of_notifications_are_read_and_never_shown() -> None:
    address = "tgram://123456789:AAFq-x9_canary/4711?notify_events=filled"
    settings = read(NOTIFY_URLS=address, NOTIFY_EVENTS="problems")
    (sink,) = settings.sinks
    assert sink.address == "tgram://123456789:AAFq-x9_canary/4711"
    assert {"AAFq-x9_canary", sink.address} <= set(settings.secrets)
    assert "canary" not in f"{settings!r} {settings.shown()} {settings.warnings}"


def test_an_event_of_notifications_that_there_is_not_is_refused() -> None:
    with pytest.raises(ConfigError, match="NOTIFY_EVENTS names events that there are not: fil"):
        read(NOTIFY_EVENTS="problems,fil")


def test_an_address_of_notifications_that_is_none_is_refused_and_not_shown() -> None:
    with pytest.raises(ConfigError, match="NOTIFY_URLS must be addresses") as caught:
        read(NOTIFY_URLS="canary:4711")
    assert "canary" not in str(caught.value)


# ------------------------------------------------------------------ the sheet


ID = "1AbC_d-EfGhIjKlMnOpQrStUvWxYz"
IN_SHEET = {"PLAYBOOK": "google_sheets", "GOOGLE_SHEET_ID": ID}


@pytest.mark.parametrize(
    "given",
    [
        ID,
        f"https://docs.google.com/spreadsheets/d/{ID}",
        f"https://docs.google.com/spreadsheets/d/{ID}/edit?gid=0#gid=0",
    ],
)
def test_a_sheet_is_named_by_its_id_or_by_its_address(given: str) -> None:
    assert read(GOOGLE_SHEET_ID=given).google_sheet_id == ID


def test_a_sheet_that_is_no_sheet_is_refused() -> None:
    assert "GOOGLE_SHEET_ID must be like" in refusal(GOOGLE_SHEET_ID="https://example.org/d/x")


def test_rows_in_a_sheet_need_a_sheet_and_who_may_see_it() -> None:
    told = refusal(PLAYBOOK="google_sheets")
    assert "GOOGLE_SHEET_ID must be set" in told
    assert "GOOGLE_APPLICATION_CREDENTIALS must be set" in told
    assert "GOOGLE_APPLICATION" in refusal(**IN_SHEET)
    known = read(**IN_SHEET, GOOGLE_APPLICATION_CREDENTIALS="/x.json")
    assert known.google_application_credentials == Path("/x.json")


def test_a_server_that_stands_there_for_google_may_let_anybody_in() -> None:
    assert read(**IN_SHEET, SHEETS_API_URL="http://127.0.0.1:9050").playbook == "google_sheets"


def test_the_sheets_zone_is_one_that_there_is() -> None:
    assert read().sheet_timezone == "US/Pacific"
    assert "SHEET_TIMEZONE names a time zone" in refusal(SHEET_TIMEZONE="US/Nowhere")
