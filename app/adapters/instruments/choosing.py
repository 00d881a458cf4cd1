"""From a wish to a contract of a chain, or to the reason why there is none."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from app.adapters.instruments.chains import Chain, Generation
from app.adapters.instruments.rows import Kind
from app.domain.contract import Moneyness, OptionType, Wish
from app.domain.decision import Denial, Denied
from app.domain.instrument import Instrument, Ticker
from app.domain.listing import (
    choose_expiry,
    choose_strike,
    day_of,
    nearest_days,
    nearest_strikes,
)
from app.ports.symbols import PriceOf


def choose(
    generation: Generation, chain: Chain, wish: Wish, at: datetime, price_of: PriceOf
) -> Instrument | Denied:
    """The contract of a chain that a wish means at a moment, by the newest lists."""
    listed = generation.expiries(chain)
    expiry = choose_expiry(listed, wish.expiry, at)
    if expiry is None:
        return _unlisted(f"{wish}: no such expiry", nearest_days(listed, wish.expiry, at))
    if wish.option_type is None:
        return generation.future(chain, expiry) or _unlisted(f"{wish}: no such future", ())
    strike = wish.strike
    if isinstance(strike, Moneyness):
        price = _price(generation, chain, expiry, price_of)
        if isinstance(price, Denied):
            return price
        count = abs(strike.steps) + 1
        listed_strikes = generation.around(chain, wish.option_type, expiry, price, count)
        strike = choose_strike(listed_strikes, strike, wish.option_type, price)
        if strike is None:
            return _unlisted(f"{wish}: no strike is listed so far from {price:f}", ())
    if strike is None:
        return Denied(Denial.UNCLEAR_CONTRACT, f"{wish}: an option without strike")
    found = generation.option(chain, wish.option_type, expiry, strike)
    return found or _no_strike(generation, chain, wish, wish.option_type, expiry, strike)


def _price(
    generation: Generation, chain: Chain, expiry: datetime, price_of: PriceOf
) -> Decimal | Denied:
    """What the underlying trades at: its index or share, in its own list; of goods, the future."""
    symbol = generation.quoted(Ticker(chain.exchange, chain.folded))
    if symbol is None and chain.exchange == "MCX":
        futures = chain._replace(kind=Kind.FUTURE)
        until = next((day for day in generation.expiries(futures) if day >= expiry), None)
        future = None if until is None else generation.future(futures, until)
        symbol = None if future is None else future.symbol
    price = None if symbol is None else price_of(symbol)
    if price is None:
        detail = f"a strike by moneyness needs the price of {symbol or chain.folded}"
        return Denied(Denial.NO_QUOTE, f"{detail}, and there is none")
    return price


def _no_strike(  # what an option is
    generation: Generation,
    chain: Chain,
    wish: Wish,
    option_type: OptionType,
    expiry: datetime,
    strike: Decimal,
) -> Denied:
    near = nearest_strikes(generation.strikes(chain, option_type, expiry), strike)
    what = f"{wish}: no such strike of {day_of(expiry)}"
    return _unlisted(what, (f"{each:f}" for each in near))


def _unlisted(what: str, near: Iterable[object]) -> Denied:
    nearest = ", ".join(map(str, near))
    return Denied(Denial.UNKNOWN_SYMBOL, f"{what}; the nearest: {nearest}" if nearest else what)
