"""Names that an account does not know: what is said of them."""

from collections.abc import Sequence

from app.domain.decision import Denial, Denied
from app.domain.instrument import Ticker
from app.engine.accounts import Account
from app.ports.broker import Suggests


def unknown(ticker: Ticker, account: Account) -> Denied:
    """The refusal of a name, with those that are nearest to it."""
    broker = account.broker
    near = broker.near(ticker) if isinstance(broker, Suggests) else ()
    return refused(ticker, near, account.name)


def refused(ticker: Ticker, near: Sequence[str], where: str) -> Denied:
    """The refusal of a name. One that is among those near it is that of an index, or of goods."""
    name = ticker.name
    if any(each.rpartition(":")[2] == name for each in near):
        contracts = f"{name}1!, or what strike, option_type and expiry name"
        detail = f"{name!r} itself is not traded, only contracts of it: {contracts}"
        return Denied(Denial.UNKNOWN_SYMBOL, detail)
    told = f"; the nearest: {', '.join(near)}" if near else ""
    return Denied(Denial.UNKNOWN_SYMBOL, f"{name!r} is not known to {where}{told}")
