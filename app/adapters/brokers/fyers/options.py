"""What the owner of a Fyers account sets."""

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from app.domain.errors import ConfigError
from app.domain.instrument import AssetClass, Instrument


class MarketOrders(StrEnum):
    """How an order at the market is sent: as a limit a little beyond the price, or as it is."""

    PROTECTED = "protected"
    PLAIN = "plain"


def _lower(value: object) -> object:
    return value.lower() if isinstance(value, str) else value


def _upper(value: object) -> object:
    return value.upper() if isinstance(value, str) else value


def _under(path: str) -> AfterValidator:
    """An address with the path that belongs to it, whether it was written or not."""

    def complete(url: str) -> str:
        return url.rstrip("/").removesuffix(path).rstrip("/") + path

    return AfterValidator(complete)


Product = Annotated[str, BeforeValidator(_upper), Field(pattern="^(CNC|INTRADAY|MARGIN|MTF)$")]
Band = Annotated[Decimal, Field(gt=0, lt=50)]


class FyersOptions(BaseModel):
    """Settings of one Fyers account; others are ignored.

    Attributes:
        app_id: APP_ID, the application's name, with its `-100`.
        api_url: API_URL, where orders go; its version may be left out.
        data_url: DATA_URL, where prices come from; `/data` may be left out.
        stream_url: STREAM_URL, where orders are told of.
        product: PRODUCT of entries whose alert names none.
        market_orders: MARKET_ORDERS, `protected` or `plain`; stops go with them.
        band_percent: BAND_PERCENT, how far a protected limit lies beyond the price.
        option_band_percent: OPTION_BAND_PERCENT, the same for options.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    app_id: str = Field(alias="APP_ID")
    api_url: Annotated[str, _under("/api/v3")] = Field(alias="API_URL")
    data_url: Annotated[str, _under("/data")] = Field(alias="DATA_URL")
    stream_url: str = Field(alias="STREAM_URL")
    product: Product = Field("INTRADAY", alias="PRODUCT")
    market_orders: Annotated[MarketOrders, BeforeValidator(_lower)] = Field(
        MarketOrders.PROTECTED, alias="MARKET_ORDERS"
    )
    band_percent: Band = Field(Decimal(1), alias="BAND_PERCENT")
    option_band_percent: Band = Field(Decimal(5), alias="OPTION_BAND_PERCENT")

    @property
    def protects(self) -> bool:
        """Whether nothing is sent at the market."""
        return self.market_orders is MarketOrders.PROTECTED

    def band(self, instrument: Instrument) -> Decimal:
        """How far beyond a price a limit may lie, as a part of it."""
        option = instrument.asset_class is AssetClass.OPTION
        return (self.option_band_percent if option else self.band_percent) / 100


def read_options(account: str, options: Mapping[str, str]) -> FyersOptions:
    """Check the settings of an account; an empty one counts as not set.

    Raises:
        ConfigError: it names the setting that is missing or cannot be used.
    """
    given = {name: value for name, value in options.items() if value.strip()}
    try:
        return FyersOptions.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_input=False, include_context=False)[0]
        name = f"{account}_{first['loc'][0]}".upper()
        problem = "is not set" if first["type"] == "missing" else first["msg"]
        raise ConfigError(f"{name} {problem}") from None
