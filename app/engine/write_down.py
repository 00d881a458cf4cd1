"""Writing down: what went by hand is no longer counted as a strategy's own (rules 17 and 19)."""

from collections.abc import Mapping, Sequence, Set
from dataclasses import replace
from decimal import Decimal
from itertools import groupby

from app.domain.events import Event, EventKind
from app.domain.instrument import Instrument, Ticker
from app.domain.order import Fill, Side
from app.domain.stake import FEES, ZERO, Stake, Stakes
from app.engine.accounts import Account
from app.ports.clock import Clock
from app.ports.journal import Journal


class WriteDown:
    """Cuts stakes to what is there.

    Else, when somebody buys by hand what he sold by hand before, it would count as a strategy's own
    again. A difference must be there in two rounds, with every order looked up in between: then it
    is no fill that the journal has yet to hear of.
    """

    def __init__(self, journal: Journal, clock: Clock) -> None:
        self._journal = journal
        self._clock = clock
        self._seen: dict[str, dict[Stake, Decimal]] = {}

    def check(
        self,
        account: Account,
        stakes: Sequence[Stake],
        held: Mapping[str, Decimal],
        busy: Set[str],
    ) -> Set[str]:
        """One round; the instruments in which a stake is larger than what is there.

        Args:
            account: whose stakes they are.
            stakes: what strategies hold, read before the positions.
            held: the positions.
            busy: instruments of which nothing can be told now.
        """
        too_large = _too_large(stakes, held, busy)
        before = self._seen.get(account.name, {})
        self._seen[account.name] = too_large
        for stake, own in too_large.items():
            if before.get(stake) == own:
                self._write(account, stake, own)
        return {stake.instrument for stake in too_large}

    def unsure(self, account: Account) -> bool:
        """Whether a stake was too large in the last round."""
        return bool(self._seen.get(account.name))

    def _write(self, account: Account, stake: Stake, own: Decimal) -> None:
        now = self._clock.now()
        payer = _pays_in_units(account, stake, own)
        left = replace(stake, quantity=own, at=now)
        with self._journal.unit() as unit:
            if stake not in unit.stakes(stake.account, stake.instrument):
                return
            if payer is None:
                unit.put_stake(left)
            else:
                unit.adopt(_fee(stake, left, payer), left, payer.multiplier)
            unit.record(
                Event(
                    kind=EventKind.WRITTEN_DOWN,
                    at=now,
                    account=stake.account,
                    symbol=stake.instrument,
                    problem=payer is None,
                    facts={"strategy": stake.strategy, "was": stake.quantity, "left": own},
                )
            )


def _too_large(
    stakes: Sequence[Stake], held: Mapping[str, Decimal], busy: Set[str]
) -> dict[Stake, Decimal]:
    """Stakes that are larger than what is there, each with what is left of it."""
    found: dict[Stake, Decimal] = {}
    for instrument, group in groupby(stakes, lambda stake: stake.instrument):
        whole = Stakes(held.get(instrument, ZERO), list(group))
        for stake in whole.stakes if instrument not in busy else ():
            own = whole.own(stake.strategy)
            if own != stake.quantity:
                found[stake] = own
    return found


def _pays_in_units(account: Account, stake: Stake, own: Decimal) -> Instrument | None:
    """The instrument, when no more of it is missing than the fees that are taken out of it.

    After an exit what the journal still has of it is less than can be traded: that is one, too.
    """
    instrument = account.broker.instrument(Ticker.parse(stake.instrument))
    if instrument is None:
        return None
    abilities = account.broker.capabilities.for_class(instrument.asset_class)
    few = abs(own) >= abs(stake.quantity) * FEES
    dust = instrument.least is not None and not instrument.tradable(stake.quantity - own)
    return instrument if abilities.fees_in_units and (few or dust) else None


def _fee(stake: Stake, left: Stake, instrument: Instrument) -> Fill:
    """What was taken as a fee, for the ledger: units that went for nothing (rule 39)."""
    taken, now = stake.quantity - left.quantity, left.at
    assert now is not None  # noqa: S101  # it was written down just now
    return Fill(
        fill_id=f"fee-{stake.instrument}-{stake.strategy}-{now.isoformat()}",
        client_order_id="",
        symbol=instrument.symbol,
        side=Side.SELL if taken > 0 else Side.BUY,
        quantity=abs(taken),
        price=ZERO,
        at=now,
    )
