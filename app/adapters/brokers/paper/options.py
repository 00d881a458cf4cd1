"""What the owner of a paper account can set."""

from collections.abc import Mapping
from datetime import timedelta
from decimal import Decimal
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from app.adapters.brokers.paper.money import PRICE_UNIT
from app.domain.costs import FixedSlippage, PercentFee
from app.domain.errors import ConfigError
from app.domain.ticks import to_ticks


class PaperOptions(BaseModel):
    """Settings of one paper account; others are ignored.

    Attributes:
        cash: CASH, what the account starts with; it has no effect after the first fill.
        quote_seconds: MAX_QUOTE_AGE, how old a quote may be to be traded on.
        fee_percent: FEE_PERCENT, what each fill costs, in percent of its worth.
        slippage_ticks: SLIPPAGE_TICKS, how much worse what fills at the market is filled.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    cash: Annotated[Decimal, Field(alias="CASH", ge=0, lt=10**15, decimal_places=12)] = Decimal(
        100_000
    )
    quote_seconds: Annotated[int, Field(alias="MAX_QUOTE_AGE", gt=0, lt=10**9)] = 900

    fee_percent: Annotated[Decimal, Field(alias="FEE_PERCENT", ge=0, le=100, decimal_places=12)] = (
        Decimal(0)
    )
    slippage_ticks: Annotated[int, Field(alias="SLIPPAGE_TICKS", ge=0, lt=10**6)] = 0

    @property
    def fee(self) -> PercentFee:
        """What a fill costs."""
        return PercentFee(self.fee_percent)

    def slippage(self, tick: Decimal) -> FixedSlippage:
        """How much worse than the quote a market order is filled; a sale brings at least a tick."""
        one = to_ticks(tick, PRICE_UNIT)
        return FixedSlippage(self.slippage_ticks * one, lowest=one)

    @property
    def max_quote_age(self) -> timedelta:
        """How old a quote may be to be traded on."""
        return timedelta(seconds=self.quote_seconds)


def read_options(account: str, options: Mapping[str, str]) -> PaperOptions:
    """Check the settings of an account; an empty one counts as not set.

    Raises:
        ConfigError: it names the setting that cannot be used.
    """
    given = {name: value for name, value in options.items() if value.strip()}
    try:
        return PaperOptions.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        raise ConfigError(f"account {account}: {first['loc'][0]}: {first['msg']}") from error
