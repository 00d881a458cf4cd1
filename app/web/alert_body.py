"""The alert's body as the OpenAPI document shows it: the names that we recommend.

The reader of alerts takes many more (docs/adr/0007); nothing is validated by this.
"""

from typing import Annotated, Any, Literal

from pydantic import ConfigDict, Field, with_config
from typing_extensions import TypedDict

Text = Annotated[str, Field(max_length=100)]
Figure = Annotated[float | str, Field(description="a number, also as a text")]
LevelBody = Annotated[
    float | str | dict[str, Any],
    Field(description='a price, `"2%"` of the average fill, or an object', examples=["2%"]),
]


def _said(words: str, *examples: object) -> Any:
    return Field(description=words, examples=list(examples) or None)


@with_config(ConfigDict(extra="allow"))
class AlertBody(TypedDict, total=False):
    """One alert, as TradingView sends it. Other names and forms of the same are understood too."""

    secret: Annotated[str, _said("the webhook secret, unless the URL holds it")]
    action: Annotated[
        str,
        _said("buy, sell, long, short, close, reverse, add or cancel", "buy"),
    ]
    symbol: Annotated[Text, _said("also with its exchange", "AAPL", "BINANCE:BTCUSDT")]
    exchange: Annotated[Text, _said("where the symbol does not hold it", "NASDAQ")]
    timeframe: Annotated[Text, _said("`{{interval}}`", "15")]
    quantity: Annotated[float | str, _said('units, `"50%"` or `"$500"`', 10)]
    quantity_type: Annotated[
        Literal[
            "fixed_quantity",
            "dollar_amount",
            "risk_dollar_amount",
            "percent_of_equity",
            "percent_of_position",
            "lots",
        ],
        _said("what the quantity counts"),
    ]
    order_type: Annotated[
        Literal["market", "limit", "stop", "stop_limit", "trailing_stop"],
        _said("none given: a lone limit_price means limit, a lone stop_price stop"),
    ]
    limit_price: Figure
    stop_price: Figure
    price: Annotated[float | str, _said("`{{close}}`: a quote for the paper account", 190.5)]
    stop_loss: LevelBody
    take_profit: LevelBody
    trail: LevelBody
    product_type: Annotated[Text, _said("CNC, INTRADAY, MARGIN, MTF, BO or CO")]
    strike: Annotated[float | str, _said("of an option: a price, ATM, ITM1, OTM2")]
    option_type: Annotated[Text, _said("CE, PE, call or put")]
    expiry: Annotated[Text, _said("WEEKLY, MONTHLY, a date, or an offset such as +1")]
    market_position: Annotated[Text, _said("`{{strategy.market_position}}`", "long")]
    prev_market_position: Annotated[Text, _said("`{{strategy.prev_market_position}}`", "flat")]
    position_size: Annotated[float | str, _said("the target position, negative when short")]
    account: Annotated[Text, _said("one of the accounts", "paper")]
    strategy: Annotated[Text, _said("the strategy's name, which tells its positions apart")]
    id: Annotated[str, _said("what tells a repeat, new for each alert")]
    time: Annotated[str | float, _said("`{{timenow}}`: when it fired", "2026-11-20T15:30:05Z")]
    time_in_force: Annotated[Text, _said("day, gtc, ioc, fok, opg or cls")]
    extended_hours: Annotated[bool | str, _said("also outside regular hours, at a limit")]
    expires_at: Annotated[str | float, _said("not to be entered after that")]
    comment: Annotated[str, _said("kept, and not read")]
    tags: Annotated[str | list[str], _said("kept, and not read")]


EXAMPLES: dict[str, dict[str, object]] = {
    "entry": {
        "secret": "the webhook secret",
        "action": "buy",
        "symbol": "AAPL",
        "quantity": 10,
        "price": 190,
        "stop_loss": "2%",
        "take_profit": "4%",
        "id": "AAPL-2026-11-20T15:30:05Z",
    },
    "close": {"secret": "the webhook secret", "action": "close", "symbol": "AAPL"},
    "as a strategy sends it": {
        "secret": "the webhook secret",
        "action": "{{strategy.order.action}}",
        "symbol": "{{exchange}}:{{ticker}}",
        "quantity": "{{strategy.order.contracts}}",
        "market_position": "{{strategy.market_position}}",
        "prev_market_position": "{{strategy.prev_market_position}}",
        "price": "{{close}}",
        "time": "{{timenow}}",
    },
}
"""Bodies of alerts, by what they show."""
