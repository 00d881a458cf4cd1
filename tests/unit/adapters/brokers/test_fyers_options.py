"""What the owner of a Fyers account sets is read with some patience."""

import pytest

from app.adapters.brokers.fyers.options import read_options
from app.domain.errors import ConfigError

GIVEN = {
    "APP_ID": "A-100",
    "API_URL": "https://api.test/api/v3",
    "DATA_URL": "https://api.test/data",
    "STREAM_URL": "wss://socket.test/trade/v3",
}


@pytest.mark.parametrize("url", ["https://api.test", "https://api.test/", GIVEN["API_URL"] + "/"])
def test_the_version_of_the_api_may_be_left_out(url: str) -> None:
    assert read_options("fyers", {**GIVEN, "API_URL": url}).api_url == GIVEN["API_URL"]


@pytest.mark.parametrize("url", ["https://api.test", "https://api.test/", GIVEN["DATA_URL"] + "/"])
def test_the_path_of_prices_may_be_left_out(url: str) -> None:
    assert read_options("fyers", {**GIVEN, "DATA_URL": url}).data_url == GIVEN["DATA_URL"]


@pytest.mark.parametrize("missing", ["APP_ID", "API_URL", "DATA_URL", "STREAM_URL"])
def test_a_missing_setting_is_named(missing: str) -> None:
    with pytest.raises(ConfigError, match=f"^FYERS_{missing} is not set$"):
        read_options("fyers", {**GIVEN, missing: ""})


def test_a_setting_that_cannot_be_used_is_named() -> None:
    with pytest.raises(ConfigError, match=r"^FYERS_PRODUCT "):
        read_options("fyers", {**GIVEN, "PRODUCT": "BO"})
