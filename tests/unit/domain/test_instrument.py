"""What a TradingView name tells: exchange, key, delayed data, kind of thing."""

import pytest

from app.domain.instrument import (
    COIN_QUOTES,
    COINS,
    CRYPTO_EXCHANGES,
    CURRENCIES,
    AssetClass,
    Ticker,
)


@pytest.mark.parametrize(
    ("symbol", "exchange", "parsed"),
    [
        ("NASDAQ:AAPL", None, Ticker("NASDAQ", "AAPL")),
        ("nasdaq:aapl", None, Ticker("NASDAQ", "AAPL")),
        (" NASDAQ : AAPL ", None, Ticker("NASDAQ", "AAPL")),
        ("AAPL", " nasdaq ", Ticker("NASDAQ", "AAPL")),
        ("NASDAQ:AAPL", "NYSE", Ticker("NASDAQ", "AAPL")),
        (":AAPL", "NYSE", Ticker("NYSE", "AAPL")),
        ("AAPL", None, Ticker("", "AAPL")),
        ("NSE:M&M", None, Ticker("NSE", "M&M")),
        ("NASDAQ:", None, Ticker("NASDAQ", "")),
    ],
)
def test_a_name_is_split_and_its_own_exchange_wins(
    symbol: str, exchange: str | None, parsed: Ticker
) -> None:
    assert Ticker.parse(symbol, exchange) == parsed


def test_a_pair_with_and_without_its_slash_is_one_instrument() -> None:
    assert Ticker.parse("BTC/USD").key == Ticker.parse("COINBASE:BTCUSD").key == "BTCUSD"


def test_a_share_with_and_without_its_usual_series_is_one_instrument() -> None:
    assert Ticker.parse("NSE:SBIN-EQ").key == Ticker.parse("NSE:SBIN").key == "SBIN"
    assert Ticker.parse("NSE:GOLDSTAR-SM").key == "GOLDSTAR-SM"


@pytest.mark.parametrize(
    ("symbol", "delayed"),
    [("CME_MINI_DL:ES1!", True), ("NSE_DLY:SBIN", True), ("NSE:SBIN", False), ("DLY:A", False)],
)
def test_the_exchange_tells_delayed_data(symbol: str, *, delayed: bool) -> None:
    assert Ticker.parse(symbol).delayed is delayed


@pytest.mark.parametrize(
    ("symbol", "asset_class"),
    [
        ("AAPL", AssetClass.EQUITY),
        ("BRK.B", AssetClass.EQUITY),
        ("NSE:RELIANCE", AssetClass.EQUITY),
        ("ES1!", AssetClass.FUTURE),
        ("CME_MINI:NQ1!", AssetClass.FUTURE),
        ("NSE:M&M1!", AssetClass.FUTURE),
        ("EURUSD", AssetClass.FOREX),
        ("EUR/USD", AssetClass.FOREX),
        ("OANDA:XAUUSD", AssetClass.FOREX),
        ("BTCUSD", AssetClass.CRYPTO),
        ("ETHBTC", AssetClass.CRYPTO),
        ("WIF/USD", AssetClass.CRYPTO),
        ("BINANCE:WIFUSDT", AssetClass.CRYPTO),
        ("BTCUSDT.P", AssetClass.CRYPTO),
        ("BTC", AssetClass.EQUITY),
        ("USD", AssetClass.EQUITY),
        ("", AssetClass.EQUITY),
    ],
)
def test_the_name_tells_the_asset_class(symbol: str, asset_class: AssetClass) -> None:
    assert Ticker.parse(symbol).asset_class is asset_class


def test_every_known_coin_is_crypto_against_every_quote() -> None:
    pairs = {coin + quote for coin in COINS for quote in COIN_QUOTES}
    assert {
        pair for pair in pairs if Ticker("", pair).asset_class is not AssetClass.CRYPTO
    } == set()


def test_every_pair_of_currencies_is_forex() -> None:
    pairs = {one + other for one in CURRENCIES for other in CURRENCIES}
    assert {pair for pair in pairs if Ticker("", pair).asset_class is not AssetClass.FOREX} == set()


@pytest.mark.parametrize("exchange", sorted(CRYPTO_EXCHANGES))
def test_a_crypto_exchange_trades_crypto(exchange: str) -> None:
    assert Ticker(exchange, "NEWCOIN").asset_class is AssetClass.CRYPTO
