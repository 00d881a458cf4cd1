"""Names that an account does not know: what is said of them."""

from app.domain.decision import Denial, Denied
from app.domain.instrument import Ticker
from app.engine.accounts import Account
from app.ports.broker import Suggests


def unknown(ticker: Ticker, account: Account) -> Denied:
    """The refusal of a name, with those that are nearest to it."""
    broker = account.broker
    near = broker.near(ticker) if isinstance(broker, Suggests) else ()
    told = f"; the nearest: {', '.join(near)}" if near else ""
    return Denied(Denial.UNKNOWN_SYMBOL, f"{ticker.name!r} is not known to {account.name}{told}")
