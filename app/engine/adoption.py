"""Adoption: a strategy takes over what is in the account and no fill of ours explains."""

from dataclasses import replace
from decimal import Decimal
from enum import StrEnum

from app.domain.alert import Alert
from app.domain.events import Event, EventKind
from app.domain.instrument import Ticker
from app.domain.order import Fill, Side
from app.domain.position import Position
from app.domain.stake import ZERO, Stake, Stakes
from app.engine.accounts import Account, Accounts
from app.engine.contracts import place_of
from app.engine.recovery import Recovery
from app.ports.clock import Clock
from app.ports.journal import Journal, Unit


class Hindrance(StrEnum):
    """Why nothing was adopted."""

    UNKNOWN_ACCOUNT = "there is no such account"
    UNKNOWN_SYMBOL = "the account does not trade it"
    NOTHING_FOREIGN = "there is nothing there that is not ours already"
    BUSY = "an order of ours is open in it; try again once that is settled"


class Adoption:
    """Makes foreign quantity a strategy's own, so that its exits close it (trading-rules 17)."""

    def __init__(
        self, journal: Journal, accounts: Accounts, recovery: Recovery, clock: Clock
    ) -> None:
        self._journal = journal
        self._accounts = accounts
        self._recovery = recovery
        self._clock = clock

    def adopt(self, account_name: str, symbol: str, strategy: str = "") -> Decimal | Hindrance:
        """Give a strategy what nobody holds; how much, negative when short.

        Args:
            account_name: our name of the account.
            symbol: as in an alert.
            strategy: the name that its alerts give, empty where they give none.

        Raises:
            BrokerError: the position cannot be read.
        """
        account = self._accounts.get(account_name)
        if account is None:
            return Hindrance.UNKNOWN_ACCOUNT
        ticker = Ticker.parse(symbol)
        instrument = account.broker.instrument(ticker)
        if instrument is None:
            return Hindrance.UNKNOWN_SYMBOL
        if self._is_busy(account, symbol):
            return Hindrance.BUSY
        known = self._journal.stakes(account.name, instrument.key)
        position = account.broker.position(instrument.key)
        if position is None:
            return Hindrance.NOTHING_FOREIGN
        stakes = Stakes(position.quantity, known)
        if stakes.position * stakes.nobodys <= 0:
            return Hindrance.NOTHING_FOREIGN
        with self._journal.unit() as unit:
            unchanged = unit.stakes(account.name, instrument.key) == known
            if not unchanged or not self._write(unit, account, position, strategy, stakes):
                return Hindrance.BUSY
        return stakes.nobodys

    def _is_busy(self, account: Account, symbol: str) -> bool:
        """Whether what is there may be a fill of ours that is not journaled yet."""
        self._recovery.reconcile(account)
        lane = place_of(Alert(symbol=symbol)).lane(account.name)
        orders = self._journal.unsettled_orders(account.name, lane)
        return any(not order.role.protects for order in orders)

    def _write(
        self, unit: Unit, account: Account, position: Position, strategy: str, stakes: Stakes
    ) -> bool:
        """Write it into stakes and ledger; False when another one did so at this very moment."""
        now, quantity = self._clock.now(), stakes.nobodys
        none = Stake(account=account.name, instrument=position.instrument, strategy=strategy)
        mine = next((stake for stake in stakes.stakes if stake.strategy == strategy), none)
        fill = Fill(
            fill_id=f"adopted-{position.instrument}-{strategy}-{now.isoformat()}",
            client_order_id="",
            symbol=position.symbol,
            side=Side.BUY if quantity > 0 else Side.SELL,
            quantity=abs(quantity),
            price=position.entry_price,
            at=now,
        )
        stake = replace(mine, quantity=mine.quantity + quantity, stopped=None, at=now)
        if not unit.adopt(fill, stake, position.multiplier):
            return False
        unit.put_foreign(account.name, position.instrument, ZERO)
        unit.record(
            Event(
                kind=EventKind.ADOPTED,
                at=now,
                account=account.name,
                symbol=position.symbol,
                facts={"strategy": strategy, "quantity": quantity, "price": position.entry_price},
            )
        )
        return True
