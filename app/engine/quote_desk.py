"""The quote desk: prices from alerts and from the API feed the brokers that live on them."""

from datetime import datetime
from decimal import Decimal

from app.domain.instrument import Ticker
from app.engine.accounts import Account, Accounts
from app.engine.settlement import Settlement


class QuoteDesk:
    """Hands a price to every account that takes quotes; what it sets off is settled at once."""

    def __init__(self, accounts: Accounts, settlement: Settlement) -> None:
        self._accounts = accounts
        self._settlement = settlement

    def note(self, ticker: Ticker, price: Decimal, at: datetime) -> int:
        """Tell all accounts a price seen at a time (aware UTC); how many take it."""
        taking = [account for account in self._accounts if self.tell(account, ticker, price, at)]
        return len(taking)

    def tell(self, account: Account, ticker: Ticker, price: Decimal, at: datetime) -> bool:
        """Tell one account a price; whether it takes quotes of this instrument."""
        if not account.broker.capabilities.takes_quotes:
            return False
        instrument = account.broker.instrument(ticker)
        if instrument is None:
            return False
        self._settlement.apply(account.broker.take_quote(instrument.key, price, at))
        return True
